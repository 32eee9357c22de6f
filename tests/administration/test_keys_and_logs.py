"""Keys, initial access tokens, the audit log and refusals as they are administered."""

from datetime import timedelta

import pytest

from iam.administration import audit, keys, people, refusals, registration_tokens
from iam.administration.administration import Administration
from iam.administration.keys import ACTIVE, PUBLISHED, REMOVED, RETIRED
from iam.administration.registration_tokens import MOST_USES
from iam.records.actor import SERVER
from iam.records.invalid import Invalid


async def test_a_key_is_published_then_active_then_retired_or_removed(on: Administration) -> None:
    ((old, active),) = await keys.rotate(on, "ES256", SERVER, at_once=True)
    ((new, published),) = await keys.rotate(on, "ES256", SERVER)
    await keys.rotate(on, "ES256", SERVER, at_once=True)
    states = {key.kid: word for key, word in await keys.list_states(on)}

    losses = await keys.count_losses(on, new.kid)
    alg = await keys.retire(on, new.kid, SERVER)

    assert (active, published, states[old.kid], states[new.kid]) == (ACTIVE, PUBLISHED, RETIRED, PUBLISHED)
    assert losses is not None
    assert losses.sections[0].heading.startswith("Everything signed with or encrypted to this published key of ES256")
    assert alg == "ES256"
    assert {key.kid: word for key, word in await keys.list_states(on)}[new.kid] == REMOVED
    assert await keys.count_losses(on, new.kid) is None
    with pytest.raises(Invalid, match="removed already"):
        await keys.retire(on, new.kid, SERVER)


async def test_a_key_is_of_an_algorithm_that_there_is(on: Administration) -> None:
    with pytest.raises(Invalid, match="Choose one of ES256"):
        await keys.rotate(on, "none", SERVER)


async def test_complaints_about_an_initial_access_token_come_at_once(on: Administration) -> None:
    with pytest.raises(Invalid) as refused:
        await registration_tokens.create(on, ("nothing",), MOST_USES + 1, on.clock.now(), SERVER)

    assert set(refused.value.complaints) == {"uses", "expires_at", "scopes"}


@pytest.mark.parametrize(("uses", "words"), [(None, "any number of"), (2, "2")])
async def test_how_many_clients_a_token_is_good_for_is_said_before_it_ends(
    on: Administration, uses: int | None, words: str
) -> None:
    token, _ = await registration_tokens.create(on, ("read",), uses, None, SERVER)

    losses = await registration_tokens.count_losses(on, token.id)
    await registration_tokens.revoke(on, token.id, SERVER)

    assert losses is not None
    assert losses.sections[0].heading == f"With it {words} clients more could be registered."
    assert await registration_tokens.count_losses(on, token.id) is None
    with pytest.raises(Invalid, match="revoked already"):
        await registration_tokens.revoke(on, token.id, SERVER)


async def test_nothing_of_the_audit_log_goes_that_is_not_over(on: Administration) -> None:
    today = on.clock.now().date()
    lately = today - timedelta(days=2)  # on the first of a month the one before is over

    assert await audit.count_losses(on, lately) is None
    assert list(await audit.prune(on, lately, SERVER)) == []
    for action in (
        audit.count_losses(on, today + timedelta(days=1)),
        audit.prune(on, today + timedelta(days=1), SERVER),
    ):
        with pytest.raises(Invalid, match="still to come"):
            await action


async def test_events_are_found_of_those_who_are_gone(on: Administration) -> None:
    alice = await people.create(on, username="alice", by=SERVER)
    by_name = await audit.find_subject(on, "Alice")
    await people.delete(on, "alice", SERVER)

    by_id = await audit.find_subject(on, str(alice.id))

    assert by_name == by_id == str(alice.id)
    with pytest.raises(Invalid, match="There is no person alice"):
        await audit.find_subject(on, "alice")


@pytest.mark.parametrize(("text", "sentence"), [("x", "An id has 12"), ("0" * 12, "There is no refusal 000000000000")])
async def test_a_refusal_that_is_not_there_is_a_complaint(on: Administration, text: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        await refusals.find(on, text)

"""Scopes as they are administered."""

import pytest

from iam.administration import scopes
from iam.administration.administration import Administration
from iam.records.actor import SERVER
from iam.records.invalid import Invalid
from iam.records.scope import Scope
from tests.harness import Server


async def test_a_scope_is_kept_without_what_is_said_twice(on: Administration) -> None:
    created = await scopes.create(on, Scope("staff", " Know your department ", ("department", "department")), SERVER)

    assert created == Scope("staff", "Know your department", ("department",))
    assert created in await on.store.scopes.all()


async def test_all_complaints_come_at_once_by_what_they_are_about(on: Administration) -> None:
    with pytest.raises(Invalid) as refused:
        await scopes.create(on, Scope("two words", " ", ("",)), SERVER)

    assert set(refused.value.complaints) == {"name", "description", "claims"}


async def test_who_loses_a_scope_is_told_before_it_is_deleted(on: Administration, server: Server) -> None:
    app = await server.app(scopes=("read",))
    person = await server.person()
    await server.tokens(app, person, scope="read")

    losses = await scopes.count_losses(on, "read")

    assert losses.for_good
    assert losses.question == "Delete the scope read?"
    # the person's grant and the client's own
    assert losses.sections[0].items == ["1 client: Test application", "2 grants: Test application"]


@pytest.mark.parametrize(
    ("name", "sentence"), [("openid", "cannot be deleted"), ("nothing", "There is no scope nothing.")]
)
async def test_a_scope_that_stays_or_is_not_there_is_said_before_anybody_is_asked(
    on: Administration, name: str, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        await scopes.count_losses(on, name)
    with pytest.raises(Invalid, match=sentence):
        await scopes.delete(on, name, SERVER)

"""Clients, their secrets and their registration access tokens as they are administered."""

import pytest
from attrs import evolve

from iam.administration import client_changes, client_secrets, clients, registration_access_tokens, resources
from iam.administration.actions.application import ApplicationListing
from iam.administration.actions.applications import list_applications
from iam.administration.actions.operator import ON_THE_MACHINE
from iam.administration.administration import Administration
from iam.administration.client_changes import propose
from iam.administration.client_secrets import LONGEST_KEEP
from iam.administration.resources import Terms
from iam.records import actor
from iam.records.actor import SERVER
from iam.records.invalid import Invalid
from iam.records.session import Session
from tests.harness import Server

JOB = propose("Job", people=False)


def by(session: Session) -> actor.By:
    return actor.person(session.user_id, "192.0.2.7")


async def test_id_and_secret_are_made_where_they_are_not_chosen(on: Administration) -> None:
    made, secret = await clients.create(on, JOB, SERVER)
    chosen, given = await clients.create(on, JOB, SERVER, client_id="job", secret="s" * 32)
    public, none = await clients.create(
        on, evolve(propose("App", people=True), auth_method="none", redirect_uris=("https://a.example/cb",)), SERVER
    )

    assert secret is not None
    assert (chosen.id, given, none) == ("job", "s" * 32, None)
    assert made.id not in {"job", public.id}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"client_id": "a/b"}, "client_id"),
        ({"client_id": "register"}, "client_id"),
        ({"secret": "short"}, "secret"),
        ({"owner": "nobody"}, "user"),
    ],
)
async def test_what_cannot_be_chosen_is_a_complaint(on: Administration, options: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await clients.create(on, JOB, SERVER, **options)

    assert set(refused.value.complaints) == {field}
    assert await on.store.clients.all() == []


async def test_a_public_client_chooses_no_secret(on: Administration) -> None:
    with pytest.raises(Invalid, match="none has no secret"):
        await clients.create(on, evolve(JOB, auth_method="none"), SERVER, secret="s" * 32)


async def test_an_id_is_taken_once(on: Administration) -> None:
    await clients.create(on, JOB, SERVER, client_id="job")

    with pytest.raises(Invalid, match=r"There is a client job already\."):
        await clients.create(on, JOB, SERVER, client_id="job")


async def test_a_client_gets_another_secret_where_the_old_one_is_of_no_use(on: Administration) -> None:
    client, first = await clients.create(on, JOB, SERVER)

    renamed, none = await clients.update(on, client, evolve(client, name="Other job"), SERVER)
    signing, second = await clients.update(on, renamed, evolve(renamed, auth_method="client_secret_jwt"), SERVER)

    assert (renamed.name, none) == ("Other job", None)
    assert signing.auth_method == "client_secret_jwt"
    assert second not in {None, first}


async def test_another_method_and_other_keys_take_the_old_ones_place(on: Administration) -> None:
    client, _ = await clients.create(on, JOB, SERVER)
    old = evolve(client, auth_method="private_key_jwt", token_endpoint_auth_signing_alg="ES256", jwks={"keys": []})

    assert client_changes.give_up(old, {"name": "Other", "auth_method": "private_key_jwt"}) == old
    assert client_changes.give_up(old, {"auth_method": "none"}) == evolve(old, token_endpoint_auth_signing_alg=None)
    assert client_changes.give_up(old, {"jwks_uri": "https://a.example/jwks"}) == evolve(old, jwks=None)


async def test_what_ends_with_a_client_is_counted_before(on: Administration, server: Server) -> None:
    app, person = await server.app(), await server.person()
    await server.tokens(app, person)
    idle = await clients.count_losses_of_deleting(on, (await server.app(grant_types=("authorization_code",))).client_id)
    await resources.create(on, "https://api.example", Terms(client_id=app.client_id), SERVER)

    disabling = await clients.count_losses_of_disabling(on, app.client_id)
    deleting = await clients.count_losses_of_deleting(on, app.client_id)

    assert idle.sections[0].items == ["nothing that is in use"]
    assert [section.items for section in disabling.sections] == [
        [f"2 grants: {person.username}"],
        ["1 resource: https://api.example"],
    ]
    assert (disabling.for_good, deleting.for_good, deleting.sections) == (False, True, disabling.sections)


async def test_an_owner_enables_only_what_they_have_disabled_themselves(on: Administration, server: Server) -> None:
    session = await session_of(server)
    mine, _ = await clients.create(on, JOB, SERVER, client_id="mine", owner=session.username)

    await clients.disable(on, mine.id, by(session), own=True)
    after_me = await clients.may_enable(on, mine, session)
    await clients.disable(on, mine.id, SERVER)
    after_them = await clients.may_enable(on, mine, session)
    still = await clients.enable(on, mine.id, by(session), own=True)

    assert (after_me, after_them, still.enabled) == (True, False, False)
    assert await clients.may_enable(on, mine, evolve(session, superuser=True))
    assert (await clients.enable(on, mine.id, SERVER)).enabled


async def test_the_client_of_another_is_none(on: Administration, server: Server) -> None:
    session, other = await session_of(server), await session_of(server)
    await clients.create(on, JOB, SERVER, client_id="mine", owner=session.username)

    assert (await clients.find_own(on, "mine", session.user_id)).id == "mine"
    for client_id, user_id in (("mine", other.user_id), ("nothing", session.user_id), ("a\0b", session.user_id)):
        with pytest.raises(Invalid, match="There is no client"):
            await clients.find_own(on, client_id, user_id)


async def test_a_secret_is_renewed_and_what_stops_is_said_before(on: Administration, server: Server) -> None:
    app = await server.app()

    at_once = await client_secrets.count_losses(on, app.client_id)
    later = await client_secrets.count_losses(on, app.client_id, keep=60)
    _, secret = await client_secrets.rotate(on, app.client_id, SERVER, keep=60)

    assert at_once is not None
    assert "stops working at once" in at_once.sections[0].heading
    assert later is None
    assert secret != app.secret
    with pytest.raises(Invalid, match="0 to 7776000 seconds"):
        await client_secrets.rotate(on, app.client_id, SERVER, keep=LONGEST_KEEP + 1)


async def test_who_has_no_secret_is_given_none(on: Administration, server: Server) -> None:
    public = await server.app(auth_method="none")

    for action in (
        client_secrets.count_losses(on, public.client_id),
        client_secrets.rotate(on, public.client_id, SERVER),
    ):
        with pytest.raises(Invalid, match="is public: it has no secret"):
            await action


async def test_only_clients_that_registered_themselves_have_a_registration_access_token(
    on: Administration, server: Server
) -> None:
    app = await server.app()

    for action in (
        registration_access_tokens.count_losses(on, app.client_id),
        registration_access_tokens.rotate(on, app.client_id, SERVER),
        registration_access_tokens.revoke(on, app.client_id, SERVER),
    ):
        with pytest.raises(Invalid, match="did not register itself"):
            await action


async def test_unused_clients_are_those_that_nobody_has_used_for_long(on: Administration, server: Server) -> None:
    app = await server.app()
    never = await server.app()
    await server.token(app, grant_type="client_credentials")
    await on.store.strangers.write_all(server.now())

    everybody = await list_applications(on, ApplicationListing(), ON_THE_MACHINE)
    unused = await list_applications(on, ApplicationListing(unused=True), ON_THE_MACHINE)

    days = {app.client_id: server.now().date(), never.client_id: None}
    assert {each.client_id: each.last_used for each in everybody.items} == days
    assert [each.client_id for each in unused.items] == [never.client_id]


async def session_of(server: Server) -> Session:
    """Somebody who is logged in."""
    person, now = await server.person(), server.now()
    return Session(
        id=person.user_id,
        user_id=person.user_id,
        username=person.username,
        name="",
        email=None,
        superuser=False,
        auth_time=now,
        expires_at=now,
        remembered=False,
        amr=(),
    )

"""The pages of passkeys: made, renamed, removed (H24). In a browser they are in tests/browser/test_passkeys.py."""

import json
from typing import Any
from uuid import UUID

import pytest

from tests.authenticators import Authenticator, text
from tests.harness import Server
from tests.pages.conftest import Visitor, make_account
from tests.pages.form import form_of
from tests.pages.passkeys import NEW, PATH, forms_of, make, one, options_of, session_of, signals_of, somebody

ONE_PASSWORD = UUID("bada5566-a7aa-401f-bd96-45619a55120d")


def authenticator(server: Server, **options: Any) -> Authenticator:
    return Authenticator(server.settings.origin, **options)


async def events(server: Server, user_id: Any) -> list[str]:
    rows = await server.store.database.query(
        "select kind from audit_events where subject = %s and kind like 'passkey.%%' order by at, id", (str(user_id),)
    )
    return [kind for (kind,) in rows]


@pytest.mark.parametrize("attestation", ["none", "packed"])
async def test_a_passkey_that_was_made_is_listed_under_the_name_of_its_keeper(server: Server, attestation: str) -> None:
    visitor = await somebody(server)

    reply = await make(visitor, authenticator(server, attestation=attestation, aaguid=ONE_PASSWORD))
    page = await visitor.get(PATH)

    assert reply.status == 200
    assert "recovery codes" in reply.text
    assert f'href="{PATH}"' in reply.text
    assert "<bdi>1Password</bdi>" in page.text
    assert "Not used yet." in page.text


async def test_the_options_tell_authenticators_nothing_of_the_account_but_its_names(server: Server) -> None:
    person = await server.person(name="Ada Lovelace")
    options = options_of(await Visitor(server, person.cookie).get(NEW))

    assert options["rp"] == {"id": "localhost", "name": "localhost"}
    assert (options["user"]["name"], options["user"]["displayName"]) == (person.username, "Ada Lovelace")
    assert len(options["user"]["id"]) == 43
    assert options["authenticatorSelection"] == {"residentKey": "preferred", "userVerification": "preferred"}
    assert options["attestation"] == "none"
    assert options["excludeCredentials"] == []


async def test_another_passkey_is_of_the_same_handle_and_not_where_one_is(server: Server) -> None:
    visitor, first = await somebody(server), authenticator(server)
    await make(visitor, first)

    options = options_of(await visitor.get(NEW))

    assert [one["id"] for one in options["excludeCredentials"]] == [text(first.id)]
    assert options["user"]["id"] == text(first.handle or b"")


WRONG = {
    "origin": {"origin": "https://evil.example"},
    "origin with a port": {"origin": "http://localhost:1"},
    "a frame of another origin": {"crossOrigin": True},
    "ceremony": {"type": "webauthn.get"},
    "challenge": {"challenge": "AAAA"},
    "challenge that is none": {"challenge": 1},
}


@pytest.mark.parametrize("client", WRONG.values(), ids=WRONG)
async def test_client_data_that_are_wrong_make_no_passkey(server: Server, client: dict[str, Any]) -> None:
    visitor = await somebody(server)

    reply = await make(visitor, authenticator(server), **client)

    assert reply.status == 400
    assert "That passkey was not accepted." in reply.text
    assert "You have none yet." in (await visitor.get(PATH)).text


async def test_a_passkey_for_another_host_is_refused(server: Server) -> None:
    visitor = await somebody(server)

    reply = await make(visitor, authenticator(server, rp_id="evil.example"))

    assert reply.status == 400


async def test_a_wrong_signature_of_the_maker_is_refused(server: Server) -> None:
    visitor, device, other = await somebody(server), authenticator(server, attestation="packed"), authenticator(server)
    page = await visitor.get(NEW)
    other.attestation, other.id = "packed", device.id
    mixed = json.loads(device.make(options_of(page)))
    mixed["response"]["clientDataJSON"] = json.loads(other.make(options_of(page), extra=1))["response"][
        "clientDataJSON"
    ]

    reply = await visitor.send(form_of(page.text), credential=json.dumps(mixed))

    assert reply.status == 400


BROKEN = {
    "nothing": "",
    "no JSON": "{",
    "a list": "[]",
    "no response": "{}",
    "a number": "1",
    "a response that is text": '{"response": "x"}',
    "client data that are no JSON": '{"response": {"clientDataJSON": "AAAA"}}',
    "client data that are a list": '{"response": {"clientDataJSON": "W10"}}',
    "nesting": '{"response":' + "[" * 15_000,
}


@pytest.mark.parametrize("sent", BROKEN.values(), ids=BROKEN)
async def test_what_no_browser_sends_is_refused(server: Server, sent: str) -> None:
    visitor = await somebody(server)

    reply = await visitor.send(await visitor.form(NEW), credential=sent)

    assert reply.status == 400


async def test_a_challenge_makes_one_passkey(server: Server) -> None:
    visitor = await somebody(server)
    page = await visitor.get(NEW)
    form, options = form_of(page.text), options_of(page)
    first = await visitor.send(form, credential=authenticator(server).make(options))

    again = await visitor.send(form, credential=authenticator(server).make(options))

    assert (first.status, again.status) == (200, 400)
    assert "This passkey is there already" in again.text


async def test_a_challenge_is_good_in_the_form_it_was_made_for(server: Server) -> None:
    visitor = await somebody(server)
    options = options_of(await visitor.get(NEW))
    server.clock.advance(1)  # the token of a form tells the second

    reply = await visitor.send(await visitor.form(NEW), credential=authenticator(server).make(options))

    assert reply.status == 400


async def test_a_challenge_of_somebody_else_is_refused(server: Server) -> None:
    eve, ada = await somebody(server), await somebody(server)
    options = options_of(await eve.get(NEW))

    reply = await ada.send(await ada.form(NEW), credential=authenticator(server).make(options))

    assert reply.status == 400


async def test_somebody_elses_passkey_cannot_be_made_ones_own(server: Server) -> None:
    eve, ada, device = await somebody(server), await somebody(server), authenticator(server)
    await make(ada, device)

    reply = await make(eve, device)

    assert reply.status == 400
    assert "You have none yet." in (await eve.get(PATH)).text


async def test_nobody_has_more_than_the_limit(server: Server) -> None:
    visitor = await somebody(server)
    for _ in range(server.settings.limits.passkeys):
        assert (await make(visitor, authenticator(server))).status in (200, 303)

    assert (await make(visitor, authenticator(server))).status == 400


async def test_only_a_recent_login_makes_one(server: Server) -> None:
    visitor = await somebody(server)
    page = await visitor.get(NEW)
    server.clock.advance(601)

    sent = await visitor.send(form_of(page.text), credential=authenticator(server).make(options_of(page)))

    assert sent.location.startswith("/login?login=again&next=")
    assert (await visitor.get(NEW)).location.startswith("/login?login=again")


async def test_a_second_passkey_leads_to_the_list(server: Server) -> None:
    visitor = await somebody(server)
    await make(visitor, authenticator(server))

    reply = await make(visitor, authenticator(server))

    assert (reply.status, reply.location) == (303, PATH)


async def test_who_has_one_must_have_used_it_to_make_another(server: Server) -> None:
    user_id = await make_account(server, "ada")
    visitor = Visitor(server, await session_of(server, user_id, ("pwd",)))
    page = await visitor.get(NEW)
    await visitor.send(form_of(page.text), credential=authenticator(server).make(options_of(page)))
    late = await visitor.send(form_of(page.text), credential=authenticator(server).make(options_of(page)))

    assert (await visitor.get(NEW)).location.startswith("/login/factor?step=up&next=")
    assert late.location.startswith("/login/factor?step=up&next=")


async def test_a_passkey_gets_the_name_that_its_owner_likes(server: Server) -> None:
    person = await server.person()
    visitor = Visitor(server, await session_of(server, person.user_id))
    await make(visitor, authenticator(server))
    renaming, *_ = forms_of(await visitor.get(await one(visitor)))

    reply = await visitor.send(renaming, name="  My <b>phone</b> ")

    assert reply.location == PATH
    assert "<bdi>My &lt;b&gt;phone&lt;/b&gt;</bdi>" in (await visitor.get(PATH)).text
    assert await events(server, person.user_id) == ["passkey.added", "passkey.renamed"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("", "Give the passkey a name"), ("x" * 65, "at most 64 characters"), ("a\u202eb", "without control characters")],
    ids=["none", "too long", "invisible"],
)
async def test_a_name_that_is_none_is_told_beside_its_field(server: Server, name: str, sentence: str) -> None:
    visitor = await somebody(server)
    await make(visitor, authenticator(server))
    renaming, *_ = forms_of(await visitor.get(await one(visitor)))

    reply = await visitor.send(renaming, name=name)

    assert reply.status == 400
    assert sentence in reply.text
    assert forms_of(reply)[0].value("name") == name


async def test_a_passkey_is_removed_and_its_keepers_are_told(server: Server) -> None:
    user_id = await make_account(server, "ada")
    visitor = Visitor(server, await session_of(server, user_id))
    device = authenticator(server)
    await make(visitor, device)
    before = await visitor.get(PATH)
    *_, removing = forms_of(await visitor.get(await one(visitor)))

    reply = await visitor.send(removing)
    after = await visitor.get(PATH)

    assert reply.location == PATH
    assert len(signals_of(before)["signalAllAcceptedCredentials"]["allAcceptedCredentialIds"]) == 1
    assert signals_of(after)["signalAllAcceptedCredentials"]["allAcceptedCredentialIds"] == []
    assert signals_of(after)["signalCurrentUserDetails"]["name"] == "ada"
    assert (
        signals_of(after)["signalCurrentUserDetails"]["userId"]
        == signals_of(before)["signalCurrentUserDetails"]["userId"]
    )
    assert await events(server, user_id) == ["passkey.added", "passkey.removed"]


async def test_the_last_way_in_stays(server: Server) -> None:
    visitor = await somebody(server)  # has no password
    await make(visitor, authenticator(server))
    *_, removing = forms_of(await visitor.get(await one(visitor)))

    refused = await visitor.send(removing)
    await make(visitor, authenticator(server))
    removed = await visitor.send(removing)

    assert refused.status == 409
    assert "This passkey stays" in refused.text
    assert removed.status == 303


async def test_a_passkey_of_somebody_else_is_not_there(server: Server) -> None:
    ada, eve = await somebody(server), await somebody(server)
    await make(ada, authenticator(server))
    await make(eve, authenticator(server))
    address, own = await one(ada), await one(eve)
    renaming, *_, removing = forms_of(await eve.get(own))
    renaming.action, removing.action = address, f"{address}/remove"

    assert (await eve.get(address)).status == 404
    assert (await eve.send(renaming, name="Eve's")).status == 404
    assert (await eve.send(removing)).status == 404


async def test_who_is_not_logged_in_goes_to_the_login(visitor: Visitor) -> None:
    for path in (PATH, NEW, f"{PATH}/x"):
        assert (await visitor.get(path)).location.startswith("/login?next=")


async def test_programs_that_keep_passkeys_find_the_pages(server: Server) -> None:
    reply = await server.get("/.well-known/passkey-endpoints")

    issuer = server.settings.issuer
    assert reply.json == {"enroll": issuer + NEW, "manage": issuer + PATH}

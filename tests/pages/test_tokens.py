"""The pages of access tokens of one's own, and of service tokens: made once, shown once, listed, removed."""

import re
from typing import Any

import pytest

from iam.records.actor import SERVER
from iam.records.scope import ADMINISTRATIVE
from tests.harness import REDIRECT_URI, App, Reply, Server
from tests.pages.conftest import Visitor, kept, logged_in
from tests.pages.form import form_of

NEW = "/account/tokens/new"
API = "https://api.example.org"


async def make(visitor: Visitor, place: str = "/account/tokens", **changes: Any) -> Reply:
    form = await visitor.form(f"{place}/new")
    return await visitor.send(form, **{"name": "backup", "scopes": ["read"], **changes})


def token_in(page: str) -> str:
    """The token that a page shows."""
    (token,) = re.findall(r"iam_[ps]t_\w+", page)
    return str(token)


def removal_in(page: str) -> str:
    """The address of the page that removes the one token of a list."""
    (address,) = re.findall(r'href="([^"]+/remove)"', page)
    return str(address)


async def used(server: Server, token: str) -> Reply:
    return await server.get("/resource", headers={"Authorization": f"Bearer {token}"})


async def api(server: Server, **terms: Any) -> None:
    told = {"scopes": ("read",), "token_format": "opaque", "lifetime": 60, "client_id": None, **terms}
    await server.store.resources.create(API, **told, now=server.now(), by=SERVER)


async def application(server: Server, **options: Any) -> tuple[Visitor, App]:
    """An administrator, with an application that may act by itself."""
    owner = await logged_in(server, superuser=True)
    return owner, await owner.register(scopes=["openid", "read"], **options)


async def test_a_token_is_shown_once_and_does_what_it_says(server: Server) -> None:
    alice = await logged_in(server, username="alice")

    made = await make(alice, ends="7")
    listed = (await alice.get("/account/tokens")).text

    assert made.status == 200
    assert "'self'" in (made.header("content-security-policy") or "").partition("script-src ")[2]
    told = (await used(server, token_in(made.text))).json
    assert (told["username"], told["scope"], told["exp"] - told["iat"]) == ("alice", "read", 7 * 86400)
    assert "iam_pt_" not in listed
    assert "<bdi>backup</bdi>" in listed
    assert "Read your data" in listed
    assert "<dd>Never</dd>" in listed


async def test_a_person_is_told_by_mail_of_a_token_of_theirs(server: Server, admin: Any) -> None:
    alice = await logged_in(server, email="alice@example.org")

    await make(alice)

    admin.execute("select template, recipient, detail from outbox")
    ((template, recipient, detail),) = admin.fetchall()
    assert (template, recipient) == ("personal_token_made", "alice@example.org")
    assert detail == {"token": "backup", "by_administrator": False, "address": "127.0.0.1"}


async def test_the_form_offers_what_the_person_may_give(server: Server) -> None:
    await server.store.scopes.create("iam:users", "Look after people", server.now(), by=SERVER)
    await server.store.scopes.create("ops", "Run things", server.now(), by=SERVER, restricted=True)
    alice, root = await logged_in(server), await logged_in(server, superuser=True)

    offered = [re.findall(r'name="scopes" value="([^"]+)"', (await each.get(NEW)).text) for each in (alice, root)]

    assert offered == [["read", "write"], ["read", "write", "ops", "iam:users", *ADMINISTRATIVE]]


async def test_the_same_form_sent_twice_makes_one_token(server: Server) -> None:
    alice = await logged_in(server)
    form = await alice.form(NEW)

    first = await alice.send(form, name="backup", scopes=["read"])
    second = await alice.send(form, name="backup", scopes=["read"])

    assert token_in(first.text) == token_in(second.text)
    assert (await alice.get("/account/tokens")).text.count("/remove") == 1


@pytest.mark.parametrize("change", [{"name": "other"}, {"scopes": ["read", "write"]}, {"resource": API}], ids=repr)
async def test_a_form_that_asks_for_another_token_than_it_made_makes_it_when_it_is_sent_again(
    server: Server, change: dict[str, Any]
) -> None:
    await api(server, scopes=())
    alice = await logged_in(server)
    form = await alice.form(NEW)
    first = await alice.send(form, name="backup", scopes=["read"])

    told = {"name": "another", "scopes": ["read"], **change}
    refused = await alice.send(form, **told)
    second = await alice.send(form_of(refused.text))

    assert (refused.status, "This form has made a token before" in refused.text) == (400, True)
    assert "iam_pt_" not in refused.text
    assert token_in(second.text) != token_in(first.text)


async def test_a_form_does_not_show_a_token_that_was_removed(server: Server) -> None:
    alice = await logged_in(server)
    form = await alice.form(NEW)
    await alice.send(form, name="backup", scopes=["read"])
    await alice.send(await alice.form(removal_in((await alice.get("/account/tokens")).text)))

    again = await alice.send(form, name="backup", scopes=["read"])

    assert (again.status, "iam_pt_" in again.text) == (400, False)


async def test_a_token_is_for_one_resource_if_the_person_says_so(server: Server) -> None:
    await api(server)
    alice = await logged_in(server)

    made = await make(alice, resource=API)
    told = await server.introspect(await server.app(introspect_any=True), token_in(made.text))

    assert told["aud"] == API


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Give the token a name by which you will know later where it is used."),
        ({"name": "x" * 201}, "Give a name of at most 200 characters."),
        ({"name": "a\u202eb"}, "Give a name on one line, without control characters."),
        ({"scopes": None}, "Choose what the token may do."),
        ({"scopes": ["openid"]}, "A token cannot have this here: openid."),
        ({"scopes": ["read", "ops"]}, "A token cannot have this here: ops."),
        ({"scopes": ["write"], "resource": API}, "This means nothing at the resource that you chose: write."),
        ({"resource": "https://none.example"}, "A token cannot be for this resource: it is unknown, disabled, or for"),
        ({"resource": "x\ty"}, "A token cannot be for this resource"),
        ({"ends": "9999"}, "Choose one of these."),
        ({"ends": "x"}, "Choose one of these."),
    ],
    ids=lambda each: str(sorted(each)) if isinstance(each, dict) else each.split(" ")[-1],
)
async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(
    server: Server, admin: Any, changes: dict[str, Any], sentence: str
) -> None:
    await api(server)
    await server.store.scopes.create("ops", "Run things", server.now(), by=SERVER, restricted=True)
    alice = await logged_in(server)
    before = kept(admin)

    reply = await make(alice, **{"name": "backup", **changes})

    (complaint,) = re.findall(r'<p class="error"[^>]*><span class="hidden">Error: </span>([^<]*)</p>', reply.text)
    assert (reply.status, sentence in complaint) == (400, True)
    assert form_of(reply.text).value("name") == changes.get("name", "backup")
    assert kept(admin) == before


async def test_two_tokens_that_are_good_have_two_names(server: Server) -> None:
    alice = await logged_in(server)
    await make(alice, ends="7")

    again = await make(alice)
    server.clock.advance(7 * 86400)
    bob = await logged_in(server)

    assert (again.status, "There is a token of this name already" in again.text) == (400, True)
    assert (await make(bob)).status == 200


async def test_there_are_as_many_as_the_limit_says(configured: Any) -> None:
    limited = configured(limit=("personal-tokens=1",))
    alice = await logged_in(limited)
    await make(alice)

    reply = await make(alice, name="another")

    assert (reply.status, "as many tokens as there may be" in reply.text) == (400, True)


async def test_to_make_one_a_login_of_late_is_needed(server: Server) -> None:
    alice = await logged_in(server)
    form = await alice.form(NEW)
    server.clock.advance(601)

    sent = await alice.send(form, name="backup", scopes=["read"])
    opened = await alice.get(NEW)

    assert (sent.status, opened.status) == (303, 303)
    assert sent.location == opened.location
    assert opened.location.startswith("/login?login=again&next=")
    assert (await alice.get("/account/tokens")).text.count("/remove") == 0


async def test_a_form_that_offered_something_else_is_shown_again(server: Server) -> None:
    alice = await logged_in(server)
    form = await alice.form(NEW)
    await server.store.scopes.create("photos", "Look at your photos", server.now(), by=SERVER)

    reply = await alice.send(form, name="backup", scopes=["read"])

    assert (reply.status, "has changed since you opened this page" in reply.text) == (409, True)
    assert form_of(reply.text).values("scopes") == ["read"]
    assert (await alice.send(form_of(reply.text))).status == 200


@pytest.mark.parametrize("ticket", ["", "x", "1.y.z"])
async def test_a_form_that_we_did_not_make_makes_nothing(server: Server, ticket: str) -> None:
    alice = await logged_in(server)

    reply = await make(alice, ticket=ticket)

    assert reply.status == 403
    assert "iam_pt_" not in reply.text
    assert (await alice.get("/account/tokens")).text.count("/remove") == 0


async def test_a_removed_token_is_refused(server: Server) -> None:
    alice = await logged_in(server)
    token = token_in((await make(alice)).text)
    address = removal_in((await alice.get("/account/tokens")).text)

    looked = await alice.get(address)
    before = (await used(server, token)).status
    removed = await alice.send(form_of(looked.text))

    assert (looked.status, before, removed.status, removed.location) == (200, 200, 303, "/account/tokens")
    assert (await used(server, token)).status == 401
    assert (await alice.get(address)).status == 404


async def test_other_peoples_tokens_do_not_exist(server: Server) -> None:
    alice, bob = await logged_in(server), await logged_in(server)
    token = token_in((await make(alice)).text)
    address = removal_in((await alice.get("/account/tokens")).text)
    await make(bob)
    own = form_of((await bob.get(removal_in((await bob.get("/account/tokens")).text))).text)

    own.action = address
    assert (await bob.get(address)).status == 404
    assert (await bob.send(own)).status in (403, 404)
    assert (await used(server, token)).status == 200


@pytest.mark.parametrize("name", ["x", "00000000-0000-0000-0000-000000000000", "1%27--"])
async def test_there_is_nothing_under_other_ids(server: Server, name: str) -> None:
    alice = await logged_in(server)

    assert (await alice.get(f"/account/tokens/{name}/remove")).status == 404


async def test_a_token_that_works_no_longer_says_so(server: Server, admin: Any) -> None:
    alice = await logged_in(server)
    await make(alice)

    admin.execute("update users set tokens_not_before = %s", (server.now(),))
    admin.execute("update grants set created_at = created_at - interval '1 second'")

    assert "It does not work now" in (await alice.get("/account/tokens")).text


async def test_an_owner_makes_and_removes_tokens_of_an_application(server: Server) -> None:
    owner, app = await application(server)
    place = f"/applications/{app.client_id}/tokens"

    made = await make(owner, place)
    token = token_in(made.text)
    told = (await used(server, token)).json
    offered = re.findall(r'name="scopes" value="([^"]+)"', (await owner.get(place + "/new")).text)
    await owner.send(await owner.form(removal_in((await owner.get(place)).text)))

    assert token.startswith("iam_st_")
    assert (told["client_id"], told["scope"], offered) == (app.client_id, "read", ["read"])
    assert (await used(server, token)).status == 401
    assert f'href="{place}"' in (await owner.get(f"/applications/{app.client_id}")).text


async def test_the_tokens_of_another_ones_application_do_not_exist(server: Server) -> None:
    owner, app = await application(server)
    place = f"/applications/{app.client_id}/tokens"
    await make(owner, place)
    address = removal_in((await owner.get(place)).text)
    form = await owner.form(place + "/new")
    bob = await logged_in(server)

    answers = [(await bob.get(each)).status for each in (place, place + "/new", address)]

    assert answers == [404, 404, 404]
    assert (await bob.send(form, name="x", scopes=["read"])).status in (403, 404)
    assert (await owner.get(place)).text.count("/remove") == 1


async def test_the_token_of_one_application_is_not_found_below_another(server: Server) -> None:
    owner, app = await application(server)
    other = await owner.register(scopes=["read"], name="Other")
    await make(owner, f"/applications/{app.client_id}/tokens")
    address = removal_in((await owner.get(f"/applications/{app.client_id}/tokens")).text)

    assert (await owner.get(address.replace(app.client_id, other.client_id))).status == 404


async def test_an_application_that_may_not_act_by_itself_has_no_tokens(server: Server) -> None:
    owner, app = await application(server, grant_types=["authorization_code"], redirect_uris=REDIRECT_URI)
    place = f"/applications/{app.client_id}/tokens"

    listed = (await owner.get(place)).text

    assert "This application may not act by itself" in listed
    assert "Make a token" not in listed
    assert (await owner.get(place + "/new")).location == place

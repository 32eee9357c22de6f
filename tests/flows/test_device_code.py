"""The device authorization grant (RFC 8628)."""

import json
import re
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import quote

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.records.actor import SERVER
from iam.secrets import minted
from tests.flows.device import DEVICE, Device, allowed, at_browser, decide, device, question, tv
from tests.harness import App, Server
from tests.pages.form import form_of


def claims(token: str) -> Any:
    body = token.split(".")[1]
    return json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))


async def test_a_device_gets_a_code_for_itself_and_one_to_show(server: Server) -> None:
    app = await tv(server)

    reply = await server.post("/device_authorization", {**app.form, "scope": "openid read"})

    told = reply.json
    assert reply.status == 200
    assert set(told) == {
        "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"
    }  # fmt: skip
    assert re.fullmatch("iam_dc_[0-9A-Za-z]{46}_[0-9A-Za-z]{6}", told["device_code"])
    assert re.fullmatch("[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", told["user_code"])
    assert told["verification_uri"] == server.settings.issuer + "/device"
    assert told["verification_uri_complete"] == f"{told['verification_uri']}?user_code={told['user_code']}"
    assert (told["expires_in"], told["interval"]) == (600, 5)
    assert reply.header("cache-control") == "no-store"


async def test_who_allows_it_sees_what_asks_and_the_device_gets_tokens(server: Server) -> None:
    person = await server.person()
    asking = await device(server, scope="openid read offline_access")
    visitor = at_browser(server, person)

    waiting = await asking.poll()
    page = await question(visitor, asking.code)
    done = await decide(visitor, asking.code)
    tokens = await asking.tokens()

    assert (waiting.status, waiting.json["error"]) == (400, "authorization_pending")
    for shown in ("Test application", asking.code, "127.0.0.1", "curl", "Read your data", "only if you have started"):
        assert shown in page.text
    assert "Go back to your device" in done.text
    assert set(tokens) == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert tokens["scope"] == "openid read offline_access"
    told = claims(tokens["id_token"])
    assert (told["aud"], told["amr"], told["acr"]) == (asking.app.client_id, ["pwd"], "1")
    assert "auth_time" in told
    assert "nonce" not in told
    assert (await server.refresh(asking.app, tokens["refresh_token"])).status == 200


@pytest.mark.parametrize("spelt", ["bcdf-ghjk", "BCDFGHJK", " bcdf \u2013 ghjk ", "b c d f g h j k"])
async def test_a_code_may_be_typed_as_people_do(server: Server, spelt: str) -> None:
    person, asking = await server.person(), await device(server)
    shown = dict(zip("bcdfghjk", asking.code.replace("-", ""), strict=True))
    typed = "".join(shown.get(each, each) if each.islower() else shown.get(each.lower(), each) for each in spelt)

    reply = await question(at_browser(server, person), typed.lower() if spelt.islower() else typed)

    assert "Test application" in reply.text


@pytest.mark.parametrize("wrong", ["", "BCDF-GHJ", "ACDF-GHJK", "BCDF-GHJ0", "\uff22CDF-GHJK", "x" * 5000])
async def test_what_cannot_be_a_code_is_told_beside_the_field_and_kept(server: Server, wrong: str) -> None:
    visitor = at_browser(server, await server.person())

    reply = await visitor.send(await visitor.form("/device"), user_code=wrong)

    assert reply.status == 400
    assert "A code has eight letters" in reply.text
    assert f'value="{wrong}"' in reply.text


async def test_a_wrong_code_is_refused(server: Server) -> None:
    asking = await device(server)
    visitor = at_browser(server, await server.person())
    wrong = "BBBB-BBBB" if asking.code != "BBBB-BBBB" else "CCCC-CCCC"

    reply = await visitor.send(await visitor.form("/device"), user_code=wrong)
    beside = await visitor.get(f"/device/consent?user_code={wrong}")

    assert (reply.status, beside.status) == (400, 404)
    assert "There is no such code" in reply.text


async def test_who_is_not_logged_in_comes_back_with_the_code(server: Server) -> None:
    asking = await device(server)
    address = f"/device?user_code={asking.code}"

    reply = await server.get(address)
    consent = await server.get(f"/device/consent?user_code={asking.code}")

    assert reply.location == f"/login?next={quote(address, safe='')}"
    assert consent.location == f"/login?next={quote(f'/device/consent?user_code={asking.code}', safe='')}"


async def test_the_complete_address_fills_the_code_in_and_asks_nothing_yet(server: Server) -> None:
    person, asking = await server.person(), await device(server)
    visitor = at_browser(server, person)

    form = await visitor.form(f"/device?user_code={asking.code}")

    assert form.value("user_code") == asking.code
    assert (await asking.poll()).json["error"] == "authorization_pending"


async def test_who_denies_it_leaves_the_device_with_nothing(server: Server, admin: Any) -> None:
    person, asking = await server.person(), await device(server)

    reply = await decide(at_browser(server, person), asking.code, "deny")

    assert "Nothing is allowed" in reply.text
    assert (await asking.poll()).json["error"] == "access_denied"
    admin.execute("select count(*) from grants where user_id is not null")
    assert admin.fetchone() == (0,)
    admin.execute("select kind, subject from audit_events where kind like 'device.%'")
    assert admin.fetchall() == [("device.denied", str(person.user_id))]


@pytest.mark.parametrize("first", ["allow", "deny"])
@pytest.mark.parametrize("second", ["allow", "deny"])
async def test_who_decides_first_decides(server: Server, first: str, second: str) -> None:
    asking = await device(server)
    one, other = at_browser(server, await server.person()), at_browser(server, await server.person())
    late = await question(other, asking.code)

    await decide(one, asking.code, first)
    reply = await other.send(form_of(late.text), decision=second)

    assert reply.status == 404
    assert (await asking.poll()).status == (200 if first == "allow" else 400)


PENDING, SLOW = "authorization_pending", "slow_down"


async def test_a_device_that_asks_too_soon_has_to_wait_longer_each_time(server: Server) -> None:
    asking = await device(server)
    server.clock.stop()
    answers = []

    for pause in (0, 5, 3, 9, 9, 5, 14, 13):
        server.clock.advance(pause)
        answers.append((await asking.poll()).json["error"])

    assert answers == [PENDING, PENDING, SLOW, PENDING, PENDING, SLOW, PENDING, SLOW]


async def test_who_waits_for_a_decision_leaves_no_reasons_behind(server: Server, admin: Any) -> None:
    asking = await device(server)

    replies = [await asking.poll() for _ in range(3)]
    await server.store.refusals.flush()

    assert [set(reply.json) for reply in replies] == [{"error", "error_description"}] * 3
    admin.execute("select count(*) from refusals")
    assert admin.fetchone() == (0,)


async def test_a_device_that_asks_too_soon_gets_what_is_allowed_all_the_same(server: Server) -> None:
    person, asking = await server.person(), await device(server)
    server.clock.stop()
    await asking.poll()

    await decide(at_browser(server, person), asking.code)

    assert (await asking.poll()).status == 200


async def test_a_code_that_nobody_allows_in_time_expires(server: Server) -> None:
    asking = await device(server)
    visitor = at_browser(server, await server.person())
    page = await question(visitor, asking.code)

    server.clock.advance(600)

    assert (await asking.poll()).json["error"] == "expired_token"
    assert (await visitor.send(form_of(page.text), decision="allow")).status == 404


async def test_what_is_allowed_at_the_last_moment_arrives(server: Server) -> None:
    person, asking = await server.person(), await device(server)
    server.clock.advance(595)
    await decide(at_browser(server, person), asking.code)

    server.clock.advance(60)

    assert (await asking.poll()).status == 200


async def test_what_a_device_does_not_fetch_in_time_is_lost(server: Server) -> None:
    asking = await allowed(server, await server.person())

    server.clock.advance(661)

    reply = await asking.poll()
    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")


async def test_a_code_is_good_once_also_for_a_hundred_polls_at_once_at_two_servers(
    server: Server, several_limited: tuple[Server, ...], admin: Any
) -> None:
    asking = await allowed(server, await server.person())
    body = {"grant_type": DEVICE, "device_code": asking.told["device_code"], **asking.app.form}

    replies = await gatherResults(
        [Deferred.fromCoroutine(several_limited[number % 2].post("/token", body)) for number in range(100)]
    )

    assert sorted(reply.status for reply in replies) == [200] + 99 * [400]
    assert {reply.json["error"] for reply in replies if reply.status == 400} == {"invalid_grant"}
    admin.execute("select count(*) from access_tokens")
    assert admin.fetchone() == (1,)


async def test_a_used_code_ends_what_it_stands_for(server: Server) -> None:
    asking = await allowed(server, await server.person(), scope="openid read offline_access")
    tokens = await asking.tokens()

    again = await asking.poll()

    assert again.json["error"] == "invalid_grant"
    assert (await server.refresh(asking.app, tokens["refresh_token"])).json["error"] == "invalid_grant"


async def test_a_code_of_another_client_is_refused_and_stays_good(server: Server) -> None:
    asking, other = await allowed(server, await server.person()), await tv(server)

    reply = await Device(server, other, asking.told).poll()

    assert reply.json["error"] == "invalid_grant"
    assert (await asking.poll()).status == 200


@pytest.mark.parametrize("code", ["x", "iam_dc_x", None])
async def test_what_is_no_device_code_is_refused(server: Server, code: str | None) -> None:
    app = await tv(server)

    reply = await server.token(app, grant_type=DEVICE, **({} if code is None else {"device_code": code}))

    assert (reply.status, reply.json["error"]) == (400, "invalid_request" if code is None else "invalid_grant")
    assert "error_uri" in reply.json


async def test_a_client_that_is_not_registered_for_it_gets_no_code(server: Server, admin: Any) -> None:
    app = await server.app()

    reply = await server.post("/device_authorization", app.form)

    assert (reply.status, reply.json["error"]) == (400, "unauthorized_client")
    assert "error_uri" in reply.json
    admin.execute("select count(*) from device_codes")
    assert admin.fetchone() == (0,)


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": "own", "scope": "strange"}, 400, "invalid_scope"),
        ({"client_id": "own", "resource": "https://nowhere.example"}, 400, "invalid_target"),
        ({"client_id": "own", "client_secret": "wrong"}, 401, "invalid_client"),
    ],
    ids=["no client", "unknown client", "scope", "resource", "secret"],
)
async def test_a_request_that_is_wrong_is_refused_and_nothing_is_stored(
    server: Server, admin: Any, form: dict[str, str], status: int, error: str
) -> None:
    app = await tv(server)
    sent = {**form, **({"client_id": app.client_id} if form.get("client_id") == "own" else {})}

    reply = await server.post("/device_authorization", sent)

    assert (reply.status, reply.json["error"]) == (status, error)
    assert "error_uri" in reply.json
    admin.execute("select count(*) from device_codes")
    assert admin.fetchone() == (0,)


async def test_a_confidential_client_proves_itself_as_at_the_token_endpoint(server: Server) -> None:
    app = await tv(server, "client_secret_basic")

    named = await server.post("/device_authorization", {"client_id": app.client_id})
    proved = await server.post("/device_authorization", {"scope": "read"}, headers=app.basic)

    assert (named.status, proved.status) == (401, 200)


async def test_scopes_that_cannot_be_are_left_out_and_the_client_is_told(server: Server) -> None:
    asking = await device(server, scope="read strange")

    assert asking.told["scope"] == "read"


async def test_a_scope_that_the_person_deselects_is_not_given(server: Server) -> None:
    person, asking = await server.person(), await device(server, scope="openid read offline_access")
    page = await question(at_browser(server, person), asking.code)
    form = form_of(page.text)
    boxes = {name: None for name, value in form.fields if value in ("read", "offline_access")}

    reply = await at_browser(server, person).send(form, decision="allow", **boxes)

    assert reply.status == 200, reply.text
    tokens = await asking.tokens()
    assert tokens["scope"] == "openid"
    assert "refresh_token" not in tokens


async def register_own_resource(server: Server) -> None:
    told: dict[str, Any] = {"scopes": (), "token_format": "opaque", "lifetime": 3600, "client_id": None}
    await server.store.resources.create(server.own_resource, **told, now=server.now(), by=SERVER)


async def test_a_resource_that_a_device_names_is_whom_its_token_is_for(server: Server) -> None:
    await register_own_resource(server)
    asking = await allowed(server, await server.person(), resource=server.own_resource, scope="read")

    tokens = await asking.tokens()

    reply = await server.get("/resource", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert (reply.status, reply.json["aud"]) == (200, server.own_resource)


async def test_what_a_person_allowed_a_device_is_among_their_applications(server: Server) -> None:
    person = await server.person()
    await allowed(server, person)

    reply = await server.get("/account/applications", headers=person.headers)

    assert "Test application" in reply.text


@pytest.mark.parametrize("scope", [None, ""])
async def test_a_device_that_names_no_scope_asks_for_those_of_its_client(server: Server, scope: str | None) -> None:
    asking = await allowed(server, await server.person(), **({} if scope is None else {"scope": scope}))

    assert (await asking.tokens())["scope"] == "read write"


async def test_a_client_that_demands_two_factors_gets_them_of_devices_too(server: Server) -> None:
    asking = await device(server, await tv(server, acr="2"))

    reply = await question(at_browser(server, await server.person()), asking.code)

    await server.store.refusals.flush()
    told = await server.store.database.query("select endpoint, failed, user_id is not null from refusals")
    assert reply.location.startswith("/account/security/needed?next=")
    assert told == [("/device", "second factor", True)]


async def test_a_client_of_members_alone_is_not_for_others_by_a_device_either(server: Server, admin: Any) -> None:
    asking = await device(server)
    admin.execute("update clients set members_only = true")

    reply = await question(at_browser(server, await server.person()), asking.code)

    assert reply.status == 403
    assert "only for members" in reply.text


async def test_a_client_that_wants_a_fresh_login_gets_one_by_a_device_too(server: Server) -> None:
    asking = await device(server, await tv(server, default_max_age=60), scope="openid")
    visitor = at_browser(server, await server.person())
    server.clock.advance(61)

    reply = await question(visitor, asking.code)

    assert reply.location.startswith("/login?next=%2Fdevice%2Fconsent%3Fuser_code%3D")
    assert "login=again" in reply.location


async def test_what_has_changed_since_it_was_shown_is_shown_again(server: Server, admin: Any) -> None:
    asking = await device(server)
    visitor = at_browser(server, await server.person())
    page = await question(visitor, asking.code)
    admin.execute("update clients set name = 'Another name'")
    server.store.clients.forget()

    reply = await visitor.send(form_of(page.text), decision="allow")

    assert "has changed since you opened this page" in reply.text
    assert (await asking.poll()).json["error"] == PENDING


@pytest.mark.parametrize("change", ["disabled_at = now()", "grant_types = '{authorization_code}'"])
async def test_nobody_is_asked_about_a_client_that_may_not_have_it_any_more(
    server: Server, admin: Any, change: str
) -> None:
    asking = await device(server)
    visitor = at_browser(server, await server.person())
    admin.execute(f"update clients set {change}")
    server.store.clients.forget()

    reply = await question(visitor, asking.code)

    assert reply.status == 400
    assert "This cannot be allowed" in reply.text


async def test_the_form_of_one_code_is_not_for_another(server: Server) -> None:
    one, other = await device(server), await device(server)
    visitor = at_browser(server, await server.person())
    form = form_of((await question(visitor, one.code)).text)
    form.action = form.action.replace(one.code, other.code)

    reply = await visitor.send(form, decision="allow")

    assert reply.status == 403
    assert (await other.poll()).json["error"] == PENDING


async def test_a_poll_is_one_statement_and_what_is_allowed_two(server: Server) -> None:
    asking = await device(server)
    statistics = server.store.database.statistics
    await server.quiet()
    await asking.poll()

    before = statistics.statements
    await asking.poll()
    waiting = statistics.statements - before
    await decide(at_browser(server, await server.person()), asking.code)
    before = statistics.statements
    await asking.poll()

    assert (waiting, statistics.statements - before) == (1, 2)


async def test_what_devices_asked_for_is_swept_an_hour_after_its_end(server: Server, admin: Any) -> None:
    await device(server)
    server.clock.advance(600 + 3600 + 1)
    late = await device(server)

    assert await server.store.device_codes.sweep(server.now()) == 1
    admin.execute("select digest from device_codes")
    assert [bytes(digest) for (digest,) in admin.fetchall()] == [minted.digest(late.told["device_code"])]


@pytest.fixture
def limits() -> tuple[str, ...]:
    return ("device-network=3",)


async def test_public_clients_of_one_network_get_only_so_many_codes(limited: Server) -> None:
    public, confidential = await tv(limited), await tv(limited, "client_secret_post")

    async def ask(app: App, address: str) -> int:
        reply = await limited.post("/device_authorization", app.form, headers={"X-Forwarded-For": address})
        return reply.status

    statuses = [await ask(public, "192.0.2.1") for _ in range(4)]

    assert statuses == [200, 200, 200, 429]
    assert await ask(public, "198.51.100.1") == 200
    assert await ask(confidential, "192.0.2.1") == 200

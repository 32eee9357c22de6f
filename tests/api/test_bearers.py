"""Who may call `/api/v1`: with which token, scope and role."""

from iam.clients.dpop_headers import ALGORITHMS
from tests.api.conftest import Api, Caller
from tests.flows.test_personal_tokens import personal_token


async def test_nobody_is_told_where_tokens_come_from(api: Api) -> None:
    reply = await Caller(api.server, None)("GET", "/people")
    wrong = await Caller(api.server, "iam_pt_wrong")("GET", "/people")

    assert (reply.status, wrong.status) == (401, 401)
    described = f'resource_metadata="{api.server.settings.issuer}'.replace(api.server.settings.path, "")
    assert described.partition("=")[0] in (reply.header("www-authenticate") or "")
    assert 'error="invalid_token"' in (wrong.header("www-authenticate") or "")
    assert wrong.json["error"] == "invalid_token"


async def test_the_metadata_lead_from_the_challenge_to_the_issuer(api: Api) -> None:
    challenge = (await Caller(api.server, None)("GET", "/people")).header("www-authenticate") or ""
    address = challenge.partition('resource_metadata="')[2].partition('"')[0]

    told = (await api.server.get(address)).json

    assert told == {
        "resource": api.uri,
        "authorization_servers": [api.server.settings.issuer],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "dpop_bound_access_tokens_required": False,
    }
    assert api.uri in (await api.server.get("/.well-known/oauth-authorization-server")).json["protected_resources"]


async def test_a_cookie_is_no_token(api: Api) -> None:
    reply = await api.server.get("/api/v1/people", headers=api.person.headers)

    assert reply.status == 401


async def test_a_token_for_nothing_in_particular_is_refused(api: Api) -> None:
    made = await personal_token(api.server, api.person, scope="read")

    assert (await Caller(api.server, made.text)("GET", "/people")).status == 401


async def test_a_token_that_lacks_the_scope_is_refused(api: Api) -> None:
    call = await api.personal(api.person, "iam:people:read")

    reply = await call("POST", "/people", {"username": "x"})

    assert reply.status == 403
    assert 'scope="iam:people:write"' in (reply.header("www-authenticate") or "")
    assert reply.json["scope"] == "iam:people:write"


async def test_who_is_no_administrator_any_more_may_do_nothing(api: Api) -> None:
    other = await api.server.person(superuser=True)
    call = await api.personal(other)
    before = await call("GET", "/people")
    admin = await api.personal(api.person)
    await admin("PATCH", f"/people/{other.user_id}", {"superuser": False})

    after = await call("GET", "/people")

    assert (before.status, after.status) == (200, 403)
    assert after.json["detail"].startswith("You have no role here")


async def test_a_client_that_registered_itself_gets_no_scope_of_administration(api: Api) -> None:
    document = (await api.server.get("/.well-known/openid-configuration")).json

    assert not [name for name in document["scopes_supported"] if name.startswith("iam:")]

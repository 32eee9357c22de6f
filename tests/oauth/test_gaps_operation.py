"""What oauthlib leaves open in how it is put together and run, closed (docs/reference/oauthlib.md names the gaps)."""

import logging
from inspect import Parameter, isfunction, signature
from typing import Any
from urllib.parse import urlencode

import pytest
from oauthlib.oauth2 import AuthorizationCodeGrant as OAuthlibAuthorizationCodeGrant
from oauthlib.oauth2 import ImplicitGrant, RequestValidator
from twisted.internet.defer import Deferred, succeed

from iam.clients.authentication import read_claim
from iam.http.parameters import ParsedParameters, parse
from iam.protocol import bridge
from iam.protocol.authorization_checks import check_challenge, check_request_object
from iam.protocol.bridge import UndecidedError, hooks
from iam.protocol.endpoints import Endpoints
from iam.protocol.request import AUTHORIZATION, TOKEN, make_request
from iam.protocol.validator import Validator
from tests.flows.device import DEVICE, allowed, tv
from tests.harness import CHALLENGE, REDIRECT_URI, Server

MISSING = ("/bc-authorize",)


def parsed(parameters: dict[str, str]) -> ParsedParameters:
    return parse(urlencode(parameters).encode())


def endpoints_of(server: Server, validator: type[Validator] = Validator) -> Endpoints:
    """oauthlib's endpoints as the server has them, on a validator of this class."""
    made = server.protocol._endpoints.default_response_type_handler.request_validator
    instance = validator.__new__(validator)
    instance.__dict__.update(made.__dict__)
    return Endpoints(server.protocol.grants, instance)


def answering(name: str, answer: Any) -> type[Validator]:
    """The validator with one hook that answers so."""

    def hook(*_: object, **__: object) -> Any:
        return answer

    return hooks(type("Promising", (Validator,), {name: hook}))


async def ask_for_a_code(endpoints: Endpoints, **parameters: str) -> None:
    asked = {
        "client_id": "nobody",
        "response_type": "code",
        "redirect_uri": "https://evil.example/",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **parameters,
    }
    await bridge.call(endpoints.validate, make_request(parsed(asked), AUTHORIZATION))


@pytest.mark.parametrize("answer", [succeed(False), Deferred(), "no", 1, None, [False], object()])
@pytest.mark.parametrize("hook", ["validate_client_id", "validate_redirect_uri", "is_pkce_required", "validate_scopes"])
async def test_g1_at_the_authorization_endpoint_only_true_is_a_yes(server: Server, hook: str, answer: object) -> None:
    app = await server.app()

    with pytest.raises(UndecidedError):
        await ask_for_a_code(
            endpoints_of(server, answering(hook, answer)), client_id=app.client_id, redirect_uri=REDIRECT_URI
        )


@pytest.mark.parametrize("answer", [succeed(False), Deferred(), "no", 1, None])
@pytest.mark.parametrize("hook", ["client_authentication_required", "authenticate_client", "validate_grant_type"])
async def test_g1_at_the_token_endpoint_only_true_is_a_yes(server: Server, hook: str, answer: object) -> None:
    app = await server.app()
    form = parsed({**app.form, "grant_type": "refresh_token", "refresh_token": "x"})
    request = make_request(form, (*TOKEN, "refresh_token"))
    request.claim = read_claim(form, None)

    with pytest.raises(UndecidedError):
        await bridge.call(endpoints_of(server, answering(hook, answer)).token, request)


def test_g1_no_hook_of_ours_goes_unchecked() -> None:
    ours = {name: hook for name, hook in vars(Validator).items() if isfunction(hook) and not name.startswith("_")}

    unchecked = [name for name, hook in ours.items() if not hasattr(hook, "__wrapped__")]

    assert set(ours) >= {"validate_client_id", "authenticate_client", "validate_code"}
    assert unchecked == []


async def test_g34_a_device_gets_short_codes_that_are_stored_and_nobody_keeps(server: Server, admin: Any) -> None:
    app = await tv(server, "client_secret_basic")

    reply = await server.post("/device_authorization", {"scope": "read"}, headers=app.basic)

    told = reply.json
    assert (reply.status, reply.header("cache-control"), len(told["user_code"])) == (200, "no-store", 9)
    admin.execute("select device_codes::text from device_codes")
    ((row,),) = admin.fetchall()
    assert not {
        code for code in (told["device_code"], told["user_code"], told["user_code"].replace("-", "")) if code in row
    }


async def test_g35_a_device_gets_an_id_token_and_one_access_token(server: Server, admin: Any) -> None:
    tokens = await (await allowed(server, await server.person(), scope="openid")).tokens()

    admin.execute("select count(*) from access_tokens")
    assert admin.fetchone() == (1,)
    assert "id_token" in tokens


async def test_g35_password_grants_are_unsupported(server: Server, issued) -> None:
    app = await server.app()

    reply = await server.token(app, grant_type="password", username="u", password="p")

    assert (reply.status, reply.json["error"]) == (400, "unsupported_grant_type")
    assert issued() == 0


@pytest.mark.parametrize("code", ["", "x", "\N{SNOWMAN}" * 100])
async def test_g36_a_device_code_is_answered_and_breaks_nothing(server: Server, code: str) -> None:
    reply = await server.token(await tv(server), grant_type=DEVICE, device_code=code)

    assert (reply.status, reply.json["error"]) == (400, "invalid_grant" if code else "invalid_request")


async def test_g40_no_log_of_oauthlib_holds_a_secret_however_much_is_logged(server: Server, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    app, person = await server.app(), await server.person()

    code = await server.code(app, person)
    given = (await server.redeem(app, code)).json
    fresh = (await server.refresh(app, given["refresh_token"])).json
    own = (await server.token(app, grant_type="client_credentials")).json
    await server.redeem(app, code)

    secrets = [code, app.secret, *(answer["access_token"] for answer in (given, fresh, own)), fresh["refresh_token"]]
    assert not [secret for secret in secrets if str(secret) in caplog.text]
    assert not [record for record in caplog.records if record.name.startswith("oauthlib")]


async def test_g41_the_metadata_say_what_this_server_does_and_no_more(server: Server) -> None:
    app = await server.app()
    document = (await server.get("/.well-known/oauth-authorization-server")).json

    tried = {
        name: (await server.token(app, grant_type=name)).json["error"]
        for name in ("authorization_code", "refresh_token", "password", "implicit", DEVICE)
    }

    unsupported = {name for name, error in tried.items() if error == "unsupported_grant_type"}
    assert unsupported == set(tried) - set(document["grant_types_supported"])
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["response_types_supported"] == ["code", "none"]
    assert document["issuer"] == server.settings.issuer


async def test_g41_the_metadata_are_made_anew_for_each_request(server: Server, admin) -> None:
    before = (await server.get("/.well-known/oauth-authorization-server")).json
    admin.execute("insert into scopes (name, description) values ('photos', 'x')")
    server.store.scopes.forget()
    after = (await server.get("/.well-known/oauth-authorization-server")).json

    assert set(after["scopes_supported"]) - set(before["scopes_supported"]) == {"photos"}


@pytest.mark.parametrize("origin", ["https://evil.example", "http://evil.example", "null"])
async def test_g42_no_foreign_page_reads_an_answer_with_the_browsers_credentials(server: Server, origin: str) -> None:
    app, person = await server.app(), await server.person()

    given = await server.post(
        "/token", {**app.form, "grant_type": "client_credentials"}, headers={"Origin": origin, **person.headers}
    )

    assert given.status == 200
    assert given.header("access-control-allow-credentials") is None
    assert given.header("access-control-allow-origin") in (None, "*")


async def test_g42_oauthlib_has_no_word_in_who_may_read_an_answer(server: Server) -> None:
    app = await server.app()
    form = parsed({**app.form, "grant_type": "client_credentials"})
    request = make_request(form, TOKEN)
    request.claim = read_claim(form, None)

    endpoints = endpoints_of(server)
    said = await bridge.call(endpoints.token, request)

    assert said is None
    assert endpoints.default_response_type_handler.request_validator.is_origin_allowed("x", "https://x", None) is False


def test_g46_building_more_servers_changes_none(server: Server) -> None:
    before = list(OAuthlibAuthorizationCodeGrant.response_types)

    made = [endpoints_of(server) for _ in range(5)]

    assert OAuthlibAuthorizationCodeGrant.response_types == before == ["code"]
    assert [list(one.response_types) for one in made] == [["code", "none"]] * 5


@pytest.mark.parametrize("path", MISSING)
async def test_g50_what_is_not_there_answers_nothing_and_is_not_promised(server: Server, path: str) -> None:
    app = await server.app()

    got = await server.get(path)
    posted = await server.post(path, {"x": "y"}, headers=app.basic)
    promised = (await server.get("/.well-known/oauth-authorization-server")).text

    assert (got.status, posted.status) == (404, 404)
    assert f'"{server.settings.issuer}{path}"' not in promised


@pytest.mark.parametrize(
    "grant_type",
    [
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "urn:openid:params:grant-type:ciba",
        "urn:ietf:params:oauth:grant-type:pre-authorized_code",
    ],
)
async def test_g50_a_grant_type_of_another_specification_is_unsupported(
    server: Server, issued, grant_type: str
) -> None:
    app = await server.app()
    other = {"assertion": "x", "subject_token": "x", "auth_req_id": "x"}

    reply = await server.token(app, grant_type=grant_type, **other)

    assert (reply.status, reply.json["error"]) == (400, "unsupported_grant_type")
    assert issued() == 0


async def test_g50_rich_authorization_requests_are_refused_where_they_would_be_lost(server: Server, issued) -> None:
    """RFC 9396 §5: no type is known here, and to leave them out would give another token than was asked for."""
    app = await server.app()

    reply = await server.token(app, grant_type="client_credentials", authorization_details='[{"type": "payment"}]')

    assert (reply.status, reply.json["error"]) == (400, "invalid_authorization_details")
    assert issued() == 0


def test_trap_1_one_grant_serves_both_endpoints_with_its_checks(server: Server) -> None:
    """oauthlib's OpenID grants are proxies of two grants with validators of their own: none is mounted."""
    endpoints = endpoints_of(server)

    code = endpoints.response_types["code"]

    assert code is endpoints.grant_types["authorization_code"] is endpoints.default_response_type_handler
    assert {check_request_object, check_challenge} <= set(code.custom_validators.pre_auth)


def test_trap_2_the_implicit_grant_is_not_mounted(server: Server) -> None:
    endpoints = endpoints_of(server)

    mounted = [*endpoints.response_types.values(), *endpoints.grant_types.values()]

    assert not [grant for grant in mounted if isinstance(grant, ImplicitGrant)]


async def test_trap_6_validating_twice_is_the_same_and_stores_nothing(server: Server, issued) -> None:
    app, person = await server.app(), await server.person()
    query = urlencode({"response_type": "code", "client_id": app.client_id, "scope": "read"})

    pages = [(await server.get(f"/authorize?{query}", headers=person.headers)).status for _ in range(3)]
    before = issued()
    code = await server.code(app, person, scope="read")

    assert (pages, before, issued()) == ([200] * 3, 0, 1)
    assert code


def test_every_hook_that_oauthlib_may_ask_is_ours_or_denies() -> None:
    """A hook that we leave to oauthlib's own validator raises, or says no."""
    left = set(dir(RequestValidator)) - set(vars(Validator))

    answers = {}
    for name in sorted(name for name in left if name.startswith(("validate_", "authenticate_", "is_origin"))):
        hook = getattr(RequestValidator(), name)
        named = [one for one in signature(hook).parameters.values() if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
        try:
            answers[name] = hook(*[None] * len(named))
        except NotImplementedError:
            answers[name] = "raises"

    assert answers
    assert set(map(str, answers.values())) <= {"raises", "False"}

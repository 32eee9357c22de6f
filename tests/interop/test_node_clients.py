"""Independent clients in JavaScript, used as their documentation says."""

from collections.abc import Callable

import pytest

from iam.records.actor import SERVER
from tests.assertions import make, public
from tests.flows.device import tv
from tests.harness import REDIRECT_URI, App, Server
from tests.interop.conftest import Node
from tests.interop.walk import Walk
from tests.registering import initial_access_token

API = "https://api.example"
KEYS = {  # as the Web Crypto API calls them
    "ES256": {"name": "ECDSA", "namedCurve": "P-256"},
    "RS256": {"name": "RSASSA-PKCS1-v1_5", "hash": "SHA-256"},
    "PS256": {"name": "RSA-PSS", "hash": "SHA-256"},
    "Ed25519": {"name": "Ed25519"},
}
either_library = pytest.mark.parametrize("library", ["openid-client", "oauth4webapi"])


@either_library
@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post", "none"])
async def test_a_code_with_pkce_is_redeemed_refreshed_and_revoked(
    server: Server, node: Node, library: str, auth_method: str
) -> None:
    grant_types = ("authorization_code", "refresh_token")
    app, person = await server.app(auth_method=auth_method, grant_types=grant_types), await server.person()

    outcome = await Walk(node, library, server, app, person).through("code", auth_method=auth_method)
    afterwards = await server.get("/resource", headers={"Authorization": f"Bearer {outcome['fresh']['access_token']}"})

    assert outcome["tokens"]["scope"] == outcome["fresh"]["scope"] == "read write"
    assert outcome["fresh"]["refresh_token"] != outcome["tokens"]["refresh_token"]
    assert (outcome["used"], afterwards.status) == (200, 401)


@either_library
async def test_a_public_client_binds_its_tokens_to_its_key(server: Server, node: Node, library: str) -> None:
    """RFC 9449, with nonces and dpop_jkt."""
    app = await server.app(auth_method="none", grant_types=("authorization_code", "refresh_token"))

    outcome = await Walk(node, library, server, app, await server.person()).through("dpop", auth_method="none")

    assert outcome["tokens"]["token_type"] == outcome["fresh"]["token_type"] == "dpop"
    assert outcome["used"]["cnf"] == {"jkt": outcome["jkt"]}


@either_library
async def test_a_client_pushes_its_request_and_its_tokens_are_bound_and_its_code_comes_in_a_jwt(
    server: Server, node: Node, library: str
) -> None:
    """RFC 9126, RFC 9449 §10 and JARM: a request that lacked the nonce is repeated with a new assertion."""
    key, told = make("ES256"), {"authorization_signed_response_alg": "ES256"}
    app = await server.app(
        auth_method="private_key_jwt",
        jwks=public(key),
        require_pushed_authorization_requests=True,
        dpop_bound_access_tokens=True,
        **told,
    )

    outcome = await Walk(node, library, server, app, await server.person()).through(
        "dpop",
        auth_method="private_key_jwt",
        key=key.as_dict(private=True),
        algorithm=KEYS["ES256"],
        metadata=told,
        pushed=True,
        jwt=True,
    )

    assert outcome["used"]["cnf"] == {"jkt": outcome["jkt"]}


@either_library
@pytest.mark.parametrize(("auth_method", "bound"), [("none", False), ("client_secret_basic", False), ("none", True)])
async def test_a_device_gets_tokens_and_the_library_believes_the_id_token(
    server: Server, node: Node, library: str, auth_method: str, bound: bool
) -> None:
    """RFC 8628, with bound tokens too."""
    app, person = await tv(server, auth_method, dpop_bound_access_tokens=bound), await server.person()

    outcome = await Walk(node, library, server, app, person).through(
        "device", auth_method=auth_method, bound=bound, scope="openid offline_access read"
    )

    assert outcome["tokens"]["token_type"] == ("dpop" if bound else "bearer")
    assert outcome["pending"] == "authorization_pending"
    assert outcome["tokens"]["scope"] == "openid offline_access read"
    assert outcome["claims"]["aud"] == app.client_id
    assert outcome["fresh"]["refresh_token"] != outcome["tokens"]["refresh_token"]


@either_library
@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post"])
async def test_client_credentials_are_given_introspected_and_revoked(
    server: Server, node: Node, library: str, auth_method: str
) -> None:
    app = await server.app(auth_method=auth_method)

    outcome = await Walk(node, library, server, app).through("credentials", auth_method=auth_method)

    assert outcome["tokens"]["token_type"] == "bearer"  # RFC 6749 §7.1: in any case; these libraries make it small
    assert (outcome["before"]["active"], outcome["before"]["client_id"]) == (True, app.client_id)
    assert outcome["after"] == {"active": False}


@either_library
async def test_a_client_authenticates_with_a_jwt_by_its_secret(server: Server, node: Node, library: str) -> None:
    app = await server.app(auth_method="client_secret_jwt")

    outcome = await Walk(node, library, server, app).through("credentials", auth_method="client_secret_jwt")

    assert (outcome["before"]["active"], outcome["after"]) == (True, {"active": False})


@either_library
@pytest.mark.parametrize("alg", KEYS)
async def test_a_client_authenticates_with_a_jwt_by_its_private_key(
    server: Server, node: Node, library: str, alg: str
) -> None:
    key = make(alg)
    app = await server.app(auth_method="private_key_jwt", jwks=public(key))

    outcome = await Walk(node, library, server, app).through(
        "credentials", auth_method="private_key_jwt", key=key.as_dict(private=True), algorithm=KEYS[alg]
    )

    assert (outcome["before"]["active"], outcome["after"]) == (True, {"active": False})


@either_library
@pytest.mark.parametrize(
    ("decision", "scope", "error"), [("deny", "read", "access_denied"), ("allow", "admin", "invalid_scope")]
)
async def test_a_refusal_reaches_the_client_as_its_library_tells_it(
    server: Server, node: Node, library: str, decision: str, scope: str, error: str
) -> None:
    app, person = await server.app(), await server.person()

    outcome = await Walk(node, library, server, app, person, decision).through("refusal", scope=scope)

    assert (outcome["name"], outcome["error"]) == ("AuthorizationResponseError", error)
    assert outcome["description"]


async def test_a_resource_server_checks_our_jwt_with_our_keys(server: Server, node: Node) -> None:
    """RFC 9068 §4, as oauth4webapi does it."""
    app = await server.app()
    await server.store.resources.create(
        API, scopes=(), token_format="jwt", lifetime=60, client_id=None, now=server.now(), by=SERVER
    )

    outcome = await Walk(node, "oauth4webapi", server, app).through("jwt", audience=API)

    assert (outcome["claims"]["aud"], outcome["claims"]["client_id"]) == (API, app.client_id)
    assert outcome["claims"]["scope"] == "read write"


async def test_a_client_finds_the_server_from_the_resource(server: Server, node: Node) -> None:
    """RFC 9728 §3, as oauth4webapi does it."""
    app = await server.app()

    outcome = await Walk(node, "oauth4webapi", server, app).through("resource")

    assert outcome["authorization_servers"] == [server.settings.issuer]


@either_library
@pytest.mark.parametrize("alg", ["RS256", "ES256", "PS256", "EdDSA"])
async def test_a_person_logs_in_and_the_library_believes_the_id_token(
    server: Server, node: Node, library: str, alg: str
) -> None:
    """OpenID Connect Core §3.1.3.7, §5.3.2 and §12.2, as these libraries check them, in each algorithm."""
    app = await server.app(scopes=("openid", "profile"), id_token_signed_response_alg=alg)
    person = await server.person(name="Ada Lovelace")
    expected = {"id_token_signed_response_alg": alg}

    outcome = await Walk(node, library, server, app, person).through("login", scope="openid profile", metadata=expected)

    assert outcome["claims"]["nonce"] == outcome["nonce"]
    assert outcome["claims"]["sub"] == outcome["fresh"]["sub"] == outcome["told"]["sub"] == str(person.user_id)
    assert outcome["told"]["name"] == "Ada Lovelace"
    assert outcome["fresh"]["auth_time"] == outcome["claims"]["auth_time"]


@either_library
@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post", "none"])
async def test_a_person_logs_in_at_a_client_of_each_kind(
    server: Server, node: Node, library: str, auth_method: str
) -> None:
    app = await server.app(
        scopes=("openid",), auth_method=auth_method, grant_types=("authorization_code", "refresh_token")
    )
    person = await server.person()

    outcome = await Walk(node, library, server, app, person).through("login", scope="openid", auth_method=auth_method)

    assert outcome["claims"]["sub"] == str(person.user_id)


@either_library
async def test_a_person_logs_in_at_a_client_with_a_private_key(server: Server, node: Node, library: str) -> None:
    key = make("PS256")
    app = await server.app(scopes=("openid",), auth_method="private_key_jwt", jwks=public(key))
    person = await server.person()

    outcome = await Walk(node, library, server, app, person).through(
        "login",
        scope="openid",
        auth_method="private_key_jwt",
        key=key.as_dict(private=True),
        algorithm=KEYS["PS256"],
    )

    assert outcome["claims"]["sub"] == str(person.user_id)


@either_library
async def test_a_client_registers_itself_and_logs_somebody_in(server: Server, node: Node, library: str) -> None:
    """OpenID Connect Registration §3."""
    nobody, person = App("", None), await server.person()
    metadata = {"redirect_uris": [REDIRECT_URI], "id_token_signed_response_alg": "ES256"}

    outcome = await Walk(node, library, server, nobody, person).through(
        "login",
        scope="openid",
        metadata={**metadata, "grant_types": ["authorization_code", "refresh_token"]},
        initial_access_token=await initial_access_token(server),
    )

    assert outcome["claims"]["sub"] == str(person.user_id)


async def test_a_client_logs_its_person_out(server: Server, node: Node) -> None:
    """OpenID Connect RP-Initiated Logout §2, as openid-client does it."""
    afterwards = "https://client.example/left"
    app, person = await server.app(scopes=("openid",), post_logout_redirect_uris=(afterwards,)), await server.person()

    outcome = await Walk(node, "openid-client", server, app, person).through(
        "logout", scope="openid", post_logout_redirect_uri=afterwards
    )

    assert outcome == {"left": afterwards + "?state=left", "error": "invalid_grant"}


@either_library
@pytest.mark.parametrize("alg", KEYS)
async def test_a_client_signs_its_authorization_request(server: Server, node: Node, library: str, alg: str) -> None:
    """RFC 9101, OpenID Connect Core §6.1."""
    key = make(alg)
    app = await server.app(scopes=("openid",), auth_method="private_key_jwt", jwks=public(key))
    person = await server.person()

    outcome = await Walk(node, library, server, app, person).through(
        "login",
        scope="openid",
        auth_method="private_key_jwt",
        key=key.as_dict(private=True),
        algorithm=KEYS[alg],
        signed=True,
    )

    assert outcome["claims"]["nonce"] == outcome["nonce"]
    assert outcome["claims"]["sub"] == str(person.user_id)


@either_library
@pytest.mark.parametrize("auth_method", ["client_secret_basic", "none", "private_key_jwt"])
async def test_a_client_pushes_its_request_and_is_answered_in_a_jwt(
    server: Server, node: Node, library: str, auth_method: str
) -> None:
    """RFC 9126, and JARM as these libraries check it."""
    key, told = make("ES256"), {"authorization_signed_response_alg": "ES256"}
    app = await server.app(
        scopes=("openid",),
        auth_method=auth_method,
        grant_types=("authorization_code", "refresh_token"),
        jwks=public(key),
        require_pushed_authorization_requests=True,
        **told,
    )
    person = await server.person()

    outcome = await Walk(node, library, server, app, person).through(
        "login",
        scope="openid",
        auth_method=auth_method,
        key=key.as_dict(private=True),
        algorithm=KEYS["ES256"],
        metadata=told,
        pushed=True,
        jwt=True,
    )

    assert outcome["claims"]["sub"] == str(person.user_id)


@either_library
async def test_a_client_pushes_a_request_that_it_has_signed(server: Server, node: Node, library: str) -> None:
    """RFC 9126 §3."""
    key = make("ES256")
    app = await server.app(
        scopes=("openid",),
        auth_method="private_key_jwt",
        jwks=public(key),
        require_signed_request_object=True,
        require_pushed_authorization_requests=True,
    )
    person = await server.person()

    outcome = await Walk(node, library, server, app, person).through(
        "login",
        scope="openid",
        auth_method="private_key_jwt",
        key=key.as_dict(private=True),
        algorithm=KEYS["ES256"],
        signed=True,
        pushed=True,
    )

    assert outcome["claims"]["sub"] == str(person.user_id)


@either_library
async def test_a_refusal_reaches_the_client_in_a_jwt(server: Server, node: Node, library: str) -> None:
    app, person = await server.app(), await server.person()

    outcome = await Walk(node, library, server, app, person, "deny").through("refusal", scope="read", jwt=True)

    assert (outcome["name"], outcome["error"]) == ("AuthorizationResponseError", "access_denied")


async def test_a_client_opens_the_response_that_is_encrypted_to_it(server: Server, node: Node) -> None:
    """JARM §2.2, as openid-client reads it."""
    key = make("ES256")
    metadata = {
        "authorization_signed_response_alg": "ES256",
        "authorization_encrypted_response_alg": "ECDH-ES",
        "authorization_encrypted_response_enc": "A128GCM",
    }
    public_key = {**key.as_dict(private=False), "use": "enc"}
    app = await server.app(scopes=("openid",), jwks={"keys": [public_key]}, **metadata)
    person = await server.person()

    outcome = await Walk(node, "openid-client", server, app, person).through(
        "login",
        scope="openid",
        metadata=metadata,
        opens=key.as_dict(private=True),
        algorithm=KEYS["ES256"] | {"name": "ECDH"},
        enc="A128GCM",
        jwt=True,
    )

    assert outcome["claims"]["sub"] == str(person.user_id)


@pytest.mark.parametrize(
    ("alg", "kind", "algorithm"),
    [
        ("RSA-OAEP", "RS256", {"name": "RSA-OAEP", "hash": "SHA-1"}),
        ("RSA-OAEP-256", "RS256", {"name": "RSA-OAEP", "hash": "SHA-256"}),
        ("ECDH-ES", "ES256", KEYS["ES256"] | {"name": "ECDH"}),
        ("ECDH-ES+A256KW", "ES256", KEYS["ES256"] | {"name": "ECDH"}),
    ],
)
@pytest.mark.parametrize("enc", ["A128CBC-HS256", "A256GCM"])
async def test_a_client_opens_what_is_encrypted_to_it(
    server: Server, node: Node, alg: str, enc: str, kind: str, algorithm: dict[str, str]
) -> None:
    """OpenID Connect Core §10.2: ID token and UserInfo, signed and then encrypted, as openid-client reads them."""
    key = make(kind)
    wanted = {
        f"{what}_encrypted_response_{part}": value
        for what in ("id_token", "userinfo")
        for part, value in (("alg", alg), ("enc", enc))
    }
    metadata = {**wanted, "userinfo_signed_response_alg": "ES256"}
    public_key = {**key.as_dict(private=False), "use": "enc"}
    app = await server.app(scopes=("openid", "profile"), jwks={"keys": [public_key]}, **metadata)
    person = await server.person(name="Ada Lovelace")

    outcome = await Walk(node, "openid-client", server, app, person).through(
        "login",
        scope="openid profile",
        metadata=metadata,
        opens=key.as_dict(private=True),
        algorithm=algorithm,
        enc=enc,
    )

    assert outcome["tokens"]["id_token"].count(".") == 4
    assert outcome["claims"]["sub"] == outcome["told"]["sub"] == str(person.user_id)
    assert outcome["told"]["name"] == "Ada Lovelace"


async def test_a_client_gets_its_id_token_at_once(configured: Callable[..., Server], node: Node) -> None:
    """OpenID Connect Core §3.2, where --implicit is given, as openid-client does it."""
    server = configured(implicit=True)
    app, person = (
        await server.app(auth_method="none", grant_types=("implicit",), scopes=("openid",)),
        await server.person(),
    )

    outcome = await Walk(node, "openid-client", server, app, person).through(
        "implicit", scope="openid", auth_method="none"
    )

    assert outcome["claims"]["nonce"] == outcome["nonce"]
    assert outcome["claims"]["sub"] == str(person.user_id)


async def test_a_client_gets_its_code_in_a_form(server: Server, node: Node) -> None:
    """OAuth 2.0 Form Post Response Mode, as openid-client reads it."""
    app, person = await server.app(scopes=("openid",)), await server.person()

    outcome = await Walk(node, "openid-client", server, app, person).through(
        "login", scope="openid", response_mode="form_post"
    )

    assert outcome["claims"]["sub"] == str(person.user_id)

"""Dynamic OP, as far as we are one: each test is named after the module whose demands it asserts.

oidcc-dynamic-certification-test-plan
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from attrs import evolve
from joserfc.jwk import ECKey, RSAKey

from iam.records.actor import SERVER
from tests.conformance.browser import CONSENT, LOGIN, Browser, answer
from tests.conformance.registered import register, registered, signing
from tests.harness import REDIRECT_URI, Server
from tests.homes import Home

OTHER = "https://client.example/other"


async def test_oidcc_idtoken_rs256(server: Server, browser: Browser) -> None:
    rp, _ = await signing(server, browser, id_token_signed_response_alg="RS256")

    login = await rp.log_in()

    assert login.header["alg"] == "RS256"
    assert "kid" in login.header


async def test_oidcc_idtoken_unsigned(server: Server) -> None:
    """The suite skips it, since discovery does not offer `none`; who asks for it anyway is not registered."""
    reply = await register(server, id_token_signed_response_alg="none")

    assert (reply.status, reply.json["error"]) == (400, "invalid_client_metadata")


async def test_oidcc_userinfo_rs256(server: Server, browser: Browser) -> None:
    """Core §5.3.2: a JWT with iss and aud."""
    rp, _ = await signing(server, browser, userinfo_signed_response_alg="RS256")
    login = await rp.log_in()

    reply = await server.get("/userinfo", headers=login.bearer)

    header = jwt.get_unverified_header(reply.text)
    keys = jwt.PyJWKSet.from_dict((await server.get("/jwks")).json)
    told = jwt.decode(
        reply.text, keys[header["kid"]], algorithms=["RS256"], audience=rp.app.client_id, issuer=server.settings.issuer
    )
    assert (reply.status, reply.header("content-type")) == (200, "application/jwt")
    assert told["sub"] == login.claims["sub"]
    assert "nonce" not in told


@pytest.mark.parametrize("redirect_uris", [[REDIRECT_URI], [REDIRECT_URI, OTHER]])
async def test_oidcc_ensure_redirect_uri_in_authorization_request(
    server: Server, browser: Browser, redirect_uris: list[str]
) -> None:
    """The suite registers two; Core §3.1.2.1 requires it of those with one as well."""
    rp, _ = await signing(server, browser, redirect_uris=redirect_uris)

    reply = await rp.ask(redirect_uri=None)

    assert (reply.status, reply.location) == (400, "")


async def test_oidcc_redirect_uri_query_ok(server: Server, browser: Browser) -> None:
    uri = REDIRECT_URI + "?foo=bar"
    rp, _ = await signing(server, browser, redirect_uris=[uri])

    reply = await rp.ask()

    told = answer(reply)
    assert reply.location.startswith(uri + "&")
    assert told.pop("foo") == "bar"
    assert (await rp.finish(told["code"])).claims["aud"] == rp.app.client_id


async def test_oidcc_redirect_uri_query_mismatch(server: Server, browser: Browser) -> None:
    rp, _ = await signing(server, browser, redirect_uris=[REDIRECT_URI + "?foo=bar"])

    reply = await rp.ask(redirect_uri=REDIRECT_URI + "?foo=not-bar")

    assert (reply.status, reply.location) == (400, "")


async def test_oidcc_redirect_uri_query_added(server: Server, browser: Browser) -> None:
    rp, _ = await signing(server, browser)

    reply = await rp.ask(redirect_uri=REDIRECT_URI + "?foo=bar")

    assert (reply.status, reply.location) == (400, "")


async def test_oidcc_redirect_uri_regfrag(server: Server) -> None:
    reply = await register(server, redirect_uris=[REDIRECT_URI + "#foobar"])

    assert (reply.status, reply.header("content-type")) == (400, "application/json")
    assert reply.json["error"] == "invalid_redirect_uri"


async def test_oidcc_discovery_endpoint_verification_dynamic(configured: Callable[..., Server]) -> None:
    """The flows that dynamic providers must have (Core §15.2), where `--implicit` is given."""
    server = configured(implicit=True)

    metadata = (await server.get("/.well-known/openid-configuration")).json

    assert set(metadata["response_types_supported"]) == {"code", "none", "id_token", "id_token token"}
    assert {"authorization_code", "implicit"} <= set(metadata["grant_types_supported"])
    assert "registration_endpoint" in metadata


async def test_oidcc_server(server: Server, browser: Browser) -> None:
    """A client registers itself, logs somebody in, and takes itself away (RFC 7592 §2.3)."""
    rp, told = await signing(server, browser)

    login = await rp.log_in()
    gone = await server.request(
        "DELETE",
        told["registration_client_uri"],
        headers={"Authorization": "Bearer " + told["registration_access_token"]},
    )

    assert login.claims["aud"] == told["client_id"]
    assert browser.seen == [LOGIN, CONSENT]
    assert gone.status == 204


async def test_oidcc_server_with_a_secret_and_a_key(server: Server, browser: Browser) -> None:
    """The suite gives a public key to each of its clients: without kid, with alg and use."""
    key = {**RSAKey.generate_key(2048).as_dict(private=False), "alg": "RS256", "use": "sig"}

    rp, told = await registered(server, browser, jwks={"keys": [key]}, client_name="OIDF Conformance Test 0aZ")

    assert told["client_secret_expires_at"] == 0
    assert (told["jwks"], told["contacts"]) == ({"keys": [key]}, ["certification@oidf.org"])
    assert (await rp.log_in(scope="openid email")).claims["aud"] == rp.app.client_id


@pytest.mark.parametrize(
    ("alg", "kind", "size"), [("RS256", RSAKey, 2048), ("PS256", RSAKey, 2048), ("ES256", ECKey, "P-256")]
)
async def test_oidcc_server_with_keys_that_say_nothing_of_themselves(
    server: Server, browser: Browser, alg: str, kind: Any, size: Any
) -> None:
    """Neither kid nor use nor alg need be there (RFC 7517 §4)."""
    rp, told = await signing(server, browser, kind.generate_key(size), token_endpoint_auth_signing_alg=alg)

    login = await evolve(rp, signer=evolve(rp.signer, alg=alg)).log_in()

    assert not {"kid", "use", "alg"} & set(told["jwks"]["keys"][0])
    assert login.claims["aud"] == rp.app.client_id


async def login_page(server: Server, browser: Browser, **members: str) -> str:
    """What is shown to somebody whom this client sends here."""
    rp, told = await signing(server, browser, **members)
    assert members.items() <= told.items()
    sent = await server.get(rp.address())
    return (await server.get(sent.location)).text


async def test_oidcc_registration_logo_uri(server: Server, browser: Browser) -> None:
    """The logo is at the host of the redirect URIs, as the suite's is."""
    logo_uri = "https://client.example/images/openid.png"

    assert f'<img class="logo" src="{logo_uri}"' in await login_page(server, browser, logo_uri=logo_uri)


async def test_oidcc_registration_policy_uri(server: Server, browser: Browser) -> None:
    policy_uri = "https://client.example/images/openid.png"

    assert f'<a href="{policy_uri}"' in await login_page(server, browser, policy_uri=policy_uri)


async def test_oidcc_registration_tos_uri(server: Server, browser: Browser) -> None:
    tos_uri = "https://openid.net"

    assert f'<a href="{tos_uri}"' in await login_page(server, browser, tos_uri=tos_uri)


async def test_oidcc_registration_jwks_uri(server: Server, browser: Browser, home: Home) -> None:
    key = RSAKey.generate_key(2048, {"kid": "first"})
    uri = home.put("/jwks", {"keys": [key.as_dict(private=False)]})

    rp, told = await signing(server, browser, key, jwks_uri=uri)

    assert told["jwks_uri"] == uri
    assert (await rp.log_in()).claims["aud"] == rp.app.client_id


async def test_oidcc_registration_sector_uri(server: Server, browser: Browser, person: Any, home: Home) -> None:
    """Registration §5, Core §8.1: the person has a name there that nobody else knows."""
    uri = home.put("/redirect_uris.json", [REDIRECT_URI])

    rp, told = await signing(server, browser, subject_type="pairwise", sector_identifier_uri=uri)

    assert (told["subject_type"], told["sector_identifier_uri"]) == ("pairwise", uri)
    assert (await rp.log_in()).claims["sub"] != str(person)


async def test_oidcc_registration_sector_bad(server: Server, home: Home) -> None:
    uri = home.put("/redirect_uris.json", [OTHER])

    reply = await register(server, subject_type="pairwise", sector_identifier_uri=uri)

    assert (reply.status, reply.header("content-type")) == (400, "application/json")
    assert reply.json["error"] == "invalid_client_metadata"


async def test_oidcc_server_rotate_keys(server: Server) -> None:
    """The suite knows RSA and EC, and wants a new key beside the old one: `iam key rotate --alg RS256` does that."""
    before = (await server.get("/jwks")).json["keys"]

    await server.keys.rotate("RS256", by=SERVER)
    after = (await server.get("/jwks")).json["keys"]

    new = [key for key in after if key not in before]
    assert [key for key in before if key not in after] == []
    assert [(key["kty"], key["use"]) for key in new] == [("RSA", "sig")]
    assert new[0]["n"] not in {key.get("n") for key in before}


async def test_oidcc_refresh_token_rp_key_rotation(server: Server, browser: Browser, home: Home) -> None:
    """After a change of the relying party's keys its refresh token is good with the new one (Core §10.1.1)."""
    first, second = (RSAKey.generate_key(2048, {"kid": kid}) for kid in ("first", "second"))
    uri = home.put("/jwks", {"keys": [first.as_dict(private=False)]})
    grant_types = ["authorization_code", "refresh_token"]
    rp, _ = await signing(server, browser, first, jwks_uri=uri, grant_types=grant_types)
    login = await rp.log_in(scope="openid offline_access", prompt="consent")
    home.put("/jwks", {"keys": [second.as_dict(private=False)]})
    server.clock.advance(60)

    rotated = evolve(rp, signer=evolve(rp.signer, key=second))
    reply = await rotated.refreshed(login.tokens["refresh_token"])

    assert reply.status == 200, reply.text
    assert (await rotated.checked(reply.json)).claims["sub"] == login.claims["sub"]


async def test_oidcc_refresh_token(server: Server, browser: Browser) -> None:
    """A refresh token is good only for the client that it was given to."""
    grant_types = ["authorization_code", "refresh_token"]
    rp, _ = await signing(server, browser, grant_types=grant_types)
    other, _ = await signing(server, browser, grant_types=grant_types)
    login = await rp.log_in(scope="openid offline_access", prompt="consent")

    stolen = await other.refreshed(login.tokens["refresh_token"])
    reply = await rp.refreshed(login.tokens["refresh_token"])

    assert (stolen.status, stolen.json["error"]) == (400, "invalid_grant")
    assert (await rp.checked(reply.json)).claims["auth_time"] == login.claims["auth_time"]


async def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(server: Server, browser: Browser) -> None:
    rp, _ = await signing(server, browser)
    about_issuer = evolve(rp, signer=evolve(rp.signer, audience=server.settings.issuer))

    login = await about_issuer.log_in()

    assert login.claims["aud"] == rp.app.client_id


async def test_oidcc_request_uri_unsigned(server: Server, browser: Browser, home: Home) -> None:
    """Skipped by the suite where `none` is not offered; refused here anyway."""
    uri = home.put("/request.jwt", "") + "#fragment"
    rp, _ = await signing(server, browser, request_uris=[uri])
    home.put("/request.jwt", jwt.encode({"iss": rp.app.client_id}, "", algorithm="none"))

    reply = await rp.ask(request_uri=uri)

    assert answer(reply)["error"] == "invalid_request_object"


async def test_oidcc_request_uri_signed_rs256(server: Server, browser: Browser, home: Home) -> None:
    """Core §6.2: all that is asked for is in a request object at the client's own address."""
    key, uri = RSAKey.generate_key(2048), home.put("/request.jwt", "") + "#fragment"
    rp, _ = await signing(server, browser, key, request_uris=[uri], request_object_signing_alg="RS256")
    rp.address()
    claims = {**rp.requested, "iss": rp.app.client_id, "aud": server.settings.issuer}
    home.put("/request.jwt", jwt.encode(claims, key.as_pem(private=True), algorithm="RS256"))
    address = "/authorize?" + urlencode({"client_id": rp.app.client_id, "request_uri": uri})

    told = answer(await browser.open(address))

    assert told["state"] == claims["state"]
    assert (await rp.finish(told["code"])).claims["nonce"] == claims["nonce"]


async def test_oidcc_request_uri_signed_rs256_with_parameters_besides(
    server: Server, browser: Browser, home: Home
) -> None:
    """The suite says again in the address what OAuth 2.0 requires there (Core §6.2), and no typ in the object."""
    key, uri = RSAKey.generate_key(2048), home.put("/request.jwt", "") + "#fragment"
    rp, _ = await signing(server, browser, key, request_uris=[uri], request_object_signing_alg="RS256")
    rp.address()
    claims = {**rp.requested, "iss": rp.app.client_id, "aud": server.settings.issuer}
    home.put("/request.jwt", jwt.encode(claims, key.as_pem(private=True), algorithm="RS256", headers={"typ": None}))
    again = {name: rp.requested[name] for name in ("client_id", "redirect_uri", "response_type", "scope")}

    told = answer(await browser.open("/authorize?" + urlencode({**again, "request_uri": uri})))

    assert told["state"] == claims["state"]
    assert (await rp.finish(told["code"])).claims["nonce"] == claims["nonce"]


async def test_oidcc_ensure_request_object_with_redirect_uri(server: Server, browser: Browser) -> None:
    """Skipped by the suite, since discovery offers no unsigned request objects; refused here anyway."""
    rp, _ = await signing(server, browser)

    reply = await rp.ask(request=jwt.encode({"redirect_uri": OTHER}, "", algorithm="none"))

    assert "code" not in answer(reply)
    assert not reply.location.startswith(OTHER)

"""What may be said of a client in the words of OpenID Connect (Registration §2, the logout specifications)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.clients import members, registration, uris
from iam.clients.rules import Case
from iam.records.client_metadata import COLUMNS, DEFAULTS, Metadata
from iam.records.scope import Scope
from tests.assertions import make, public
from tests.certificates import Shown

CALLBACK = "https://app.example.org/cb"
FREE = {  # which need no rule: a boolean is one or it is none, and the sector is found out
    "sector",
    *("require_pkce", "introspect_any", "trusted", "allow_http_redirects"),
    "require_signed_request_object",
    "require_pushed_authorization_requests",
    "dpop_bound_access_tokens",
    "tls_client_certificate_bound_access_tokens",
    "require_auth_time",
    "backchannel_logout_session_required",
    "frontchannel_logout_session_required",
}
KEYS = public(make("RS256"))


def complaints(*, private: bool = False, **said: Any) -> dict[str, str]:
    """What the rules say to a client with these members."""
    method = said.pop("auth_method", "client_secret_basic")
    metadata = Metadata("Shop", method, ("authorization_code",), (CALLBACK,), ("openid",), **said)
    return members.complaints(Case(metadata, scopes=[Scope("openid", "Know who you are")], private=private))


def test_there_is_a_rule_for_every_member() -> None:
    assert members.RULES.keys() == {*COLUMNS, *DEFAULTS} - FREE


def test_defaults_have_no_complaint() -> None:
    assert complaints() == {}


@pytest.mark.parametrize(
    "said",
    [
        {"application_type": "native"},
        {"subject_type": "pairwise"},
        {"sector_identifier_uri": "https://app.example.org/redirect_uris.json"},
        {"contacts": ("ops@example.org", "Ops at Example, +1 555")},
        {"software_id": "4NRB1-0XZABZI9E6-5SM3R", "software_version": "2.0 β"},
        {"client_uri": "http://example.org/", "logo_uri": "https://example.org/logo.png"},
        {"policy_uri": "https://example.org/legal#privacy", "tos_uri": "https://[2001:db8::1]/tos"},
        {"default_max_age": 0},
        {"default_acr_values": ("1",)},
        {"initiate_login_uri": "https://app.example.org/login"},
        {"backchannel_logout_uri": "https://app.example.org/logout?x=y"},
        {"frontchannel_logout_uri": "https://app.example.org:443/logout"},
        {"request_uris": ("https://app.example.org/request#sha256",)},
        {"id_token_signed_response_alg": "EdDSA", "userinfo_signed_response_alg": "PS256"},
        {"request_object_signing_alg": "RS256", "jwks": KEYS},
        {"request_object_signing_alg": "HS256", "auth_method": "client_secret_jwt"},
        {"request_object_encryption_alg": "ECDH-ES", "request_object_encryption_enc": "A256GCM"},
        {"id_token_encrypted_response_alg": "RSA-OAEP", "jwks": KEYS},
        {
            "userinfo_encrypted_response_alg": "ECDH-ES+A256KW",
            "userinfo_encrypted_response_enc": "A128CBC-HS256",
            "jwks_uri": "https://app.example.org/jwks.json",
        },
    ],
)
def test_what_the_specifications_allow_has_no_complaint(said: dict[str, Any]) -> None:
    assert complaints(**said) == {}


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("application_type", "desktop", "web, native"),
        ("subject_type", "private", "public, pairwise"),
        ("sector_identifier_uri", "http://app.example.org/x", "https://"),
        ("sector_identifier_uri", "app.example.org", "https://"),
        ("contacts", ("a\nb",), "printed"),
        ("contacts", ("a",) * 11, "at most"),
        ("software_id", "x" * 256, "1 to 255"),
        ("software_version", "1\x1b[2J", "printed"),
        ("client_uri", "javascript:alert(1)", "https://"),
        ("logo_uri", "data:image/png;base64,AAAA", "https://"),
        ("policy_uri", "https://user@example.org/", "user name"),
        ("policy_uri", "https://good.example.org\\@evil.example/", "https://"),
        ("tos_uri", "https:///tos", "host"),
        ("tos_uri", 'https://example.org/"onclick=', "https://"),
        ("tos_uri", "https://example.org/" + "a" * 2048, "at most"),
        ("default_max_age", -1, "0 or more"),
        ("default_max_age", 2**31, "0 or more"),
        ("default_acr_values", ("",), "1 to 255"),
        ("initiate_login_uri", "http://app.example.org/login", "https://"),
        ("initiate_login_uri", "http://localhost:5000/login", "https://"),
        ("initiate_login_uri", "https://app.example.org/login#x", "#"),
        ("backchannel_logout_uri", "http://127.0.0.1/logout", "https://"),
        ("backchannel_logout_uri", "https://app.example.org/logout#x", "fragment"),
        ("backchannel_logout_uri", "/logout", "https://"),
        ("frontchannel_logout_uri", "https://other.example.org/logout", "redirect URI"),
        ("frontchannel_logout_uri", "https://app.example.org:8443/logout", "redirect URI"),
        ("frontchannel_logout_uri", "http://app.example.org/logout", "https://"),
        ("frontchannel_logout_uri", "https://app.example.org/logout#x", "#"),
        ("request_uris", ("https://app.example.org/r",) * 11, "at most"),
        ("request_uris", ("ftp://app.example.org/r",), "https://"),
        ("id_token_signed_response_alg", "none", "ES256"),
        ("id_token_signed_response_alg", "HS256", "ES256"),
        ("userinfo_signed_response_alg", "none", "ES256"),
        ("request_object_signing_alg", "none", "RS256"),
        ("request_object_signing_alg", "HS256", "RS256"),
        ("request_object_signing_alg", "RS256", "public keys"),
        ("id_token_encrypted_response_alg", "RSA1_5", "RSA-OAEP"),
        ("id_token_encrypted_response_alg", "dir", "RSA-OAEP"),
        ("id_token_encrypted_response_alg", "RSA-OAEP", "public keys"),
        ("userinfo_encrypted_response_alg", "ECDH-ES", "public keys"),
        ("userinfo_encrypted_response_enc", "A128GCM", "userinfo_encrypted_response_alg"),
        ("request_object_encryption_alg", "A128KW", "RSA-OAEP"),
        ("request_object_encryption_enc", "A128GCM", "request_object_encryption_alg"),
    ],
)
def test_what_is_wrong_is_said_of_its_member(member: str, value: Any, words: str) -> None:
    found = complaints(**{member: value})

    assert found.keys() == {member}
    assert words in found[member]


DN, DNS = "tls_client_auth_subject_dn", "tls_client_auth_san_dns"


@pytest.mark.parametrize(
    "said",
    [
        {DN: "CN=client,O=Example"},
        {DN: r"CN=Example\, Inc.+UID=7,DC=example,DC=org"},
        {DN: "emailAddress=ada@example.org,2.5.4.97=PSDDE-1,C=DE"},
        {DNS: "client.example"},
        {"tls_client_auth_san_uri": "spiffe://example.org/billing"},
        {"tls_client_auth_san_ip": "2001:db8::1"},
        {"tls_client_auth_san_email": "ada@example.org"},
    ],
)
def test_a_client_with_a_certificate_has_one_subject(said: dict[str, Any]) -> None:
    assert complaints(auth_method="tls_client_auth", **said) == {}
    assert complaints(**said).keys() == said.keys()


@pytest.mark.parametrize(
    ("said", "guilty"),
    [
        ({}, {DN}),
        ({DN: "CN=client", DNS: "client.example"}, {DN, DNS}),
        ({DN: ""}, {DN}),
        ({DN: "client"}, {DN}),
        ({DN: "CN=client, O=Example"}, {DN}),
        ({DN: "/CN=client/O=Example"}, {DN}),
        ({DN: "NICK=client"}, {DN}),
        ({DN: "CN=client,"}, {DN}),
        ({DNS: "client example"}, {DNS}),
        ({DNS: "clïent.example"}, {DNS}),
        ({"tls_client_auth_san_uri": "client.example"}, {"tls_client_auth_san_uri"}),
        ({"tls_client_auth_san_ip": "192.0.2.0/24"}, {"tls_client_auth_san_ip"}),
        ({"tls_client_auth_san_email": "ada"}, {"tls_client_auth_san_email"}),
    ],
)
def test_a_subject_that_no_certificate_has_is_refused(said: dict[str, Any], guilty: set[str]) -> None:
    assert complaints(auth_method="tls_client_auth", **said).keys() == guilty


def test_a_client_with_a_certificate_of_its_own_registers_it() -> None:
    method, shown, other = "self_signed_tls_client_auth", Shown(), Shown()
    mixed = {**shown.jwk(), "x5c": other.jwk()["x5c"]}

    assert complaints(auth_method=method, jwks={"keys": [shown.jwk()]}) == {}
    assert complaints(auth_method=method, jwks={"keys": [shown.jwk(x5c=False)]}) == {}
    assert complaints(auth_method=method, jwks_uri="https://app.example.org/jwks.json") == {}
    for wrong in (None, {"keys": []}, {"keys": [mixed]}, {"keys": [{**shown.jwk(), "x5c": ["x"]}]}):
        assert complaints(auth_method=method, jwks=wrong).keys() == {"jwks"}, wrong


def test_an_encoding_is_one_that_we_have() -> None:
    found = complaints(id_token_encrypted_response_alg="RSA-OAEP", id_token_encrypted_response_enc="A192GCM", jwks=KEYS)

    assert found.keys() == {"id_token_encrypted_response_enc"}


def test_a_key_of_another_kind_is_none_for_the_algorithm() -> None:
    assert (
        "ECDH-ES" in complaints(id_token_encrypted_response_alg="ECDH-ES", jwks=KEYS)["id_token_encrypted_response_alg"]
    )


def test_servers_of_private_networks_may_be_told_by_http_where_they_may_be_reached() -> None:
    assert complaints(private=True, backchannel_logout_uri="http://10.0.0.1:8080/logout") == {}


@pytest.mark.parametrize("given", ["web", "native"])
@pytest.mark.parametrize(
    ("uris", "public", "native"),
    [
        ([CALLBACK], False, False),
        ([CALLBACK], True, False),
        (["http://localhost:5000/cb"], False, False),
        (["http://localhost:5000/cb"], True, True),
        (["http://127.0.0.1/cb", "http://[::1]/cb"], True, True),
        ([CALLBACK, "http://localhost:5000/cb"], True, False),
        ([CALLBACK, "com.example.app:/cb"], True, True),
        (["cursor://anysphere/cb"], True, True),
        ([], True, False),
    ],
)
def test_an_application_type_that_does_not_fit_is_replaced_by_native(
    given: str, uris: list[str], public: bool, native: bool
) -> None:
    method = "none" if public else "client_secret_basic"
    metadata = Metadata("Shop", method, ("authorization_code",), tuple(uris), ("openid",), application_type=given)

    fitting = registration.in_order(metadata)

    assert fitting.application_type == ("native" if native else given)


@given(st.text(max_size=60))
def test_no_text_makes_a_link_that_is_no_web_address(text: str) -> None:
    for uri in (text, "https://" + text, "https://example.org" + text):
        if uris.link_complaint(uri) is None:
            assert uri.lower().startswith(("https://", "http://"))
            assert uri.isascii()
            assert not set(uri) & set("\"'<>\\ \t\r\n\0") - {"'"}

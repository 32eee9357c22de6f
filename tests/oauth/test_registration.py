"""Registering clients: what may be said of one (RFC 6749 §2, RFC 7591 §2)."""

from typing import Any

import pytest
from joserfc.jwk import OKPKey

from iam.clients import members
from iam.clients.rules import Case
from iam.records.client_metadata import Metadata
from iam.records.scope import Scope

CALLBACK = "https://app.example.org/cb"
KNOWN = (Scope("read", "Read"), Scope("write", "Write"))


def metadata(**changes: Any) -> Metadata:
    return Metadata(
        **{
            "name": "Shop",
            "auth_method": "client_secret_basic",
            "grant_types": ("authorization_code", "refresh_token", "client_credentials"),
            "redirect_uris": (CALLBACK,),
            "scopes": ("read",),
            **changes,
        }
    )


def complaint(attribute: str, said: Metadata, **more: Any) -> str | None:
    return members.complaint(attribute, Case(said, scopes=KNOWN, **more))


def test_good_metadata_have_no_complaint() -> None:
    good = metadata()

    assert complaint("name", good) is None
    assert complaint("auth_method", good) is None
    assert complaint("grant_types", good) is None
    assert complaint("redirect_uris", good) is None
    assert complaint("scopes", good) is None


@pytest.mark.parametrize("name", ["", "a\nb", "n" * 201])
def test_a_name_is_a_line(name: str) -> None:
    assert complaint("name", metadata(name=name)) is not None


@pytest.mark.parametrize("name", ["<b>Shop</b>", "{{7*7}}", "商店", "javascript:alert(1)"])
def test_a_name_is_text(name: str) -> None:
    assert complaint("name", metadata(name=name)) is None


def test_the_authentication_method_is_known() -> None:
    assert "client_secret_basic" in (complaint("auth_method", metadata(auth_method="implicit")) or "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grant_types": ("password",)}, "Choose among"),
        ({"grant_types": ("implicit", "authorization_code")}, "Choose among"),
        ({"grant_types": ()}, "at least one"),
        ({"grant_types": ("client_credentials",), "auth_method": "none"}, "need a secret"),
        ({"grant_types": ("refresh_token",)}, "come with the authorization code"),
        ({"grant_types": ("client_credentials", "refresh_token")}, "come with the authorization code"),
    ],
)
def test_grant_types_fit_together(changes: dict[str, Any], words: str) -> None:
    assert words in (complaint("grant_types", metadata(**changes)) or "")


def test_a_resource_server_that_introspects_needs_no_grant() -> None:
    resource_server = metadata(grant_types=(), redirect_uris=(), scopes=(), introspect_any=True)

    assert complaint("grant_types", resource_server) is None
    assert complaint("redirect_uris", resource_server) is None
    assert complaint("scopes", resource_server) is None


def test_a_code_needs_a_redirect_uri() -> None:
    assert "at least one redirect URI" in (complaint("redirect_uris", metadata(redirect_uris=())) or "")
    assert complaint("redirect_uris", metadata(redirect_uris=(), grant_types=("client_credentials",))) is None


def test_among_several_redirect_uris_the_wrong_one_is_named() -> None:
    sentence = complaint("redirect_uris", metadata(redirect_uris=(CALLBACK, "http://evil.example/cb")))

    assert sentence is not None
    assert sentence.startswith("http://evil.example/cb: ")


def test_there_are_not_too_many_redirect_uris() -> None:
    uris = tuple(f"{CALLBACK}/{number}" for number in range(51))

    assert complaint("redirect_uris", metadata(redirect_uris=uris)) == "Give at most 50 redirect URIs."


def test_an_apps_own_scheme_needs_a_public_client() -> None:
    assert "public clients" in (complaint("redirect_uris", metadata(redirect_uris=("com.example.app:/cb",))) or "")
    native = metadata(redirect_uris=("com.example.app:/cb",), auth_method="none", application_type="native")
    assert complaint("redirect_uris", native) is None


def test_scopes_exist() -> None:
    strange, none = metadata(scopes=("admin",)), metadata(scopes=())

    assert complaint("scopes", strange) == "Choose among the scopes that exist: read, write."
    assert complaint("scopes", none) == "Choose at least one scope."
    assert complaint("scopes", none, scopeless=True) is None


def test_keys_may_be_for_encryption_alone_unless_the_client_signs_with_them() -> None:
    keys = {"keys": [OKPKey.generate_key("X25519", {"use": "enc"}).as_dict(private=False)]}

    assert complaint("jwks", metadata(jwks=keys)) is None
    assert "signatures" in (complaint("jwks", metadata(jwks=keys, auth_method="private_key_jwt")) or "")
    assert "signatures" in (complaint("jwks", metadata(jwks={"keys": []})) or "")

"""What OpenID Connect adds to `iam client`."""

import json
from pathlib import Path
from typing import Any

import pytest

from iam.commands.client_options import OPTIONS
from iam.records.client_metadata import COLUMNS, DEFAULTS
from tests.assertions import make, public
from tests.command_line import Iam

REDIRECT_URI = "https://shop.example.org/callback"
NATIVE_URI = "org.example.app:/callback"


def create(iam: Iam, *options: str) -> Any:
    return iam("client", "create", "--name", "Shop", "--redirect-uri", REDIRECT_URI, *options, "--json").json


def test_every_member_has_an_option() -> None:
    assert {each.attribute for each in OPTIONS} == {*COLUMNS, *DEFAULTS} - {"name", "sector"}


def test_every_option_is_a_member_of_the_metadata(iam: Iam, tmp_path: Path) -> None:
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps(public(make("RS256"))))

    client = create(
        iam,
        *("--application-type", "web", "--contacts", "ops@example.org", "--contacts", "+1 555"),
        *("--client-uri", "https://shop.example.org/", "--logo-uri", "https://shop.example.org/logo.png"),
        *("--policy-uri", "https://shop.example.org/policy", "--tos-uri", "https://shop.example.org/tos"),
        *("--subject-type", "pairwise", "--id-token-signed-response-alg", "ES256"),
        *("--userinfo-signed-response-alg", "EdDSA", "--default-max-age", "3600", "--require-auth-time"),
        *("--id-token-encrypted-response-alg", "RSA-OAEP", "--id-token-encrypted-response-enc", "A256GCM"),
        *("--initiate-login-uri", "https://shop.example.org/login", "--jwks", str(keys)),
        *("--backchannel-logout-uri", "https://shop.example.org/backchannel"),
        *("--frontchannel-logout-uri", "https://shop.example.org/frontchannel"),
        *("--backchannel-logout-session-required", "--default-acr-values", "1"),
    )

    assert client["application_type"] == "web"
    assert client["contacts"] == ["ops@example.org", "+1 555"]
    assert (client["client_uri"], client["logo_uri"]) == (
        "https://shop.example.org/",
        "https://shop.example.org/logo.png",
    )
    assert (client["subject_type"], client["default_max_age"], client["require_auth_time"]) == ("pairwise", 3600, True)
    assert (client["id_token_signed_response_alg"], client["userinfo_signed_response_alg"]) == ("ES256", "EdDSA")
    assert client["id_token_encrypted_response_enc"] == "A256GCM"
    assert client["initiate_login_uri"] == "https://shop.example.org/login"
    assert client["backchannel_logout_uri"] == "https://shop.example.org/backchannel"
    assert client["frontchannel_logout_uri"] == "https://shop.example.org/frontchannel"
    assert (client["backchannel_logout_session_required"], client["default_acr_values"]) == (True, ["1"])


def test_an_update_changes_what_is_named_and_an_empty_text_takes_it_away(iam: Iam) -> None:
    client_id = create(iam, "--tos-uri", "https://shop.example.org/tos", "--contacts", "ops@example.org")["client_id"]

    more = iam("client", "update", client_id, "--require-auth-time", "--json").json
    less = iam(
        "client", "update", client_id, "--tos-uri", "", "--contacts", "", "--no-require-auth-time", "--json"
    ).json

    assert (more["tos_uri"], more["require_auth_time"]) == ("https://shop.example.org/tos", True)
    assert not {"tos_uri", "contacts"} & less.keys()
    assert less["require_auth_time"] is False


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--subject-type", "x"), "--subject-type: Choose one of public, pairwise."),
        (("--tos-uri", "javascript:x"), "--tos-uri: Give an address such as https://app.example.org/page, in ASCII"),
        (("--frontchannel-logout-uri", "https://other.example/"), "--frontchannel-logout-uri: Its scheme, host"),
    ],
)
def test_what_is_wrong_is_said_of_its_option(iam: Iam, options: tuple[str, ...], sentence: str) -> None:
    outcome = iam("client", "create", "--name", "Shop", "--redirect-uri", REDIRECT_URI, *options)

    assert outcome.complaint.startswith(sentence)


def test_an_administrator_may_give_what_is_unusual_and_is_told_what_it_means(iam: Iam) -> None:
    told = ("client", "create", "--name", "Photos", "--json")
    app = ("--redirect-uri", "https://photos.example/auth/login", "--redirect-uri", "app.immich:///oauth-callback")
    http = ("--redirect-uri", "http://192.168.2.50:2283/cb", "--allow-http-redirects")

    immich, plain, refused = iam(*told, *app), iam(*told, *http), iam(*told, *http[:2])

    assert (immich.json["require_pkce"], immich.json["token_endpoint_auth_method"]) == (True, "client_secret_basic")
    assert plain.json["allow_http_redirects"] is True
    assert plain.err.startswith("WARNING: http://192.168.2.50:2283/cb is http:")
    assert "begins with https://" in refused.complaint


def test_an_app_with_a_scheme_of_its_own_is_native_without_a_word(iam: Iam) -> None:
    told = ("--name", "App", "--redirect-uri", NATIVE_URI, "--auth-method", "none")

    client = iam("client", "create", *told, "--json").json
    contradicted = iam("client", "create", *told, "--application-type", "web", "--json").json

    assert client["application_type"] == contradicted["application_type"] == "native"


def test_an_empty_text_empties_a_list(iam: Iam) -> None:
    options = ("--redirect-uri", REDIRECT_URI, "--post-logout-redirect-uri", REDIRECT_URI, "--json")
    client_id = iam("client", "create", "--name", "Shop", *options).json["client_id"]

    logout = iam("client", "update", client_id, "--post-logout-redirect-uri", "", "--json").json
    without = ("--redirect-uri", "", "--grant-type", "client_credentials")
    job = iam("client", "update", client_id, *without, "--jwks-uri", "", "--json").json
    api = iam("client", "update", client_id, "--grant-type", "", "--introspect-any", "--json").json

    assert (logout["redirect_uris"], logout["post_logout_redirect_uris"]) == ([REDIRECT_URI], [])
    assert (job["redirect_uris"], api["grant_types"]) == ([], [])


def test_no_scope_is_not_every_usual_one(iam: Iam) -> None:
    outcome = iam("client", "create", "--name", "Shop", "--redirect-uri", REDIRECT_URI, "--scope", "")

    assert outcome.complaint == "Choose at least one scope."


@pytest.mark.parametrize("more", ['"kid": "\\u0000"', '"kid": "\\ud800"', '"z": NaN', '"z": 1e400'])
def test_keys_that_no_database_can_keep_are_none(iam: Iam, tmp_path: Path, more: str) -> None:
    file = tmp_path / "keys.json"
    key = '"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"'
    file.write_text(f'{{"keys": [{{{key}, {more}}}]}}')

    outcome = iam("client", "create", "--name", "Bank", "--auth-method", "private_key_jwt", "--jwks", str(file))

    assert "is not a key set" in outcome.complaint


def test_a_client_may_want_more_than_a_password_until_it_does_not(iam: Iam) -> None:
    shop = ("--name", "Shop", "--redirect-uri", "https://shop.example.org/callback", "--json")
    client_id = iam("client", "create", *shop, "--acr", "2").json["client_id"]

    wrong = iam("client", "update", client_id, "--acr", "two")

    assert iam("client", "show", client_id, "--json").json["acr"] == "2"
    assert "Give one of 1, 2, phr." in wrong.complaint
    assert iam("client", "update", client_id, "--acr", "", "--json").json.get("acr") is None

"""`iam client`: how a client proves itself."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.command_line import Iam

KEY = ECKey.generate_key("P-256", {"kid": "one"})
JWKS = {"keys": [KEY.as_dict(private=False)]}
URI = "https://shop.example.org/jwks.json"


@pytest.fixture
def jwks(tmp_path: Path) -> str:
    """A file with a public key."""
    return written(tmp_path, json.dumps(JWKS))


def written(directory: Path, text: str) -> str:
    file = directory / "jwks.json"
    file.write_text(text)
    return str(file)


def create(iam: Iam, *options: str) -> Any:
    return iam("client", "create", "--name", "Shop", *options, "--json").json


def secrets(iam: Iam, client_id: str) -> list[tuple[bytes, bool, datetime | None]]:
    """Digest, whether there is an encrypted one, and expiry of each secret, oldest first."""
    rows = iam.execute(
        "select digest, sealed is not null, expires_at from client_secrets where client_id = %s order by created_at, id",
        (client_id,),
    )
    return [(bytes(digest), sealed, expires_at) for digest, sealed, expires_at in rows]


# Clients that sign


def test_a_client_with_a_key_of_its_own_has_no_secret(iam: Iam, jwks: str) -> None:
    client = create(iam, "--auth-method", "private_key_jwt", "--jwks", jwks, "--signing-alg", "ES256")

    assert "client_secret" not in client
    assert client["token_endpoint_auth_method"] == "private_key_jwt"
    assert client["token_endpoint_auth_signing_alg"] == "ES256"
    assert client["jwks"] == JWKS
    assert secrets(iam, client["client_id"]) == []


def test_its_keys_may_be_at_an_address(iam: Iam) -> None:
    client = create(iam, "--auth-method", "private_key_jwt", "--jwks-uri", URI)

    shown = iam("client", "show", client["client_id"], "--json").json
    assert shown["jwks_uri"] == URI
    assert "jwks" not in shown


def test_h25_a_client_that_signs_with_its_secret_has_it_encrypted(iam: Iam) -> None:
    client = create(iam, "--auth-method", "client_secret_jwt")

    ((digest, sealed, expires_at),) = secrets(iam, client["client_id"])

    assert (digest, sealed, expires_at) == (minted.digest(client["client_secret"]), True, None)
    dump = str(iam.execute("select c::text, s::text from clients c join client_secrets s on s.client_id = c.id"))
    assert client["client_secret"] not in dump
    assert client["client_secret"].encode().hex() not in dump


def test_h25_the_secret_of_another_client_is_a_digest_only(iam: Iam) -> None:
    client = create(iam)

    assert secrets(iam, client["client_id"]) == [(minted.digest(client["client_secret"]), False, None)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--auth-method", "private_key_jwt"), "needs its public keys, or their address"),
        (("--auth-method", "private_key_jwt", "--jwks-uri", "http://shop.example.org/"), "must begin with https://"),
        (("--backchannel-logout-uri", "http://127.0.0.1:5000/out"), "where no --allow-fetch is set"),
        (("--auth-method", "private_key_jwt", "--jwks-uri", "https://127.1/"), "Give an address such as"),
        (("--auth-method", "private_key_jwt", "--jwks-uri", URI, "--signing-alg", "HS256"), "Choose one of RS256"),
        (("--auth-method", "client_secret_jwt", "--signing-alg", "ES256"), "Choose one of HS256"),
        (("--signing-alg", "ES256"), "Only clients with client_secret_jwt or private_key_jwt sign"),
        (("--auth-method", "private_key_jwt", "--jwks", "/nowhere/x.json"), "cannot be read"),
    ],
)
def test_what_does_not_fit_together_is_refused_with_a_sentence(iam: Iam, options: tuple[str, ...], words: str) -> None:
    assert words in iam("client", "create", "--name", "Shop", *options).complaint


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"keys": [KEY.as_dict(private=True)]}, "give only its public half"),
        ({"keys": [OctKey.generate_key(256).as_dict(private=True)]}, "give only its public half"),
        ({"keys": [{"kty": "RSA", "e": "AQAB", "n": "_" * 171}]}, "2048 to 8192 bits"),
        ({"keys": [JWKS["keys"][0]] * 17}, "at most 16 keys"),
        ({"keys": []}, "no public key"),
        ([], "is not a key set"),
        (7, "is not a key set"),
    ],
)
def test_a_key_set_that_is_not_in_order_is_refused_with_a_sentence(
    iam: Iam, tmp_path: Path, document: Any, words: str
) -> None:
    file = written(tmp_path, json.dumps(document))

    complaint = iam("client", "create", "--name", "Shop", "--auth-method", "private_key_jwt", "--jwks", file).complaint

    assert words in complaint


@pytest.mark.parametrize(
    "text", ["", "{", "-----BEGIN PUBLIC KEY-----", "[" * 5000, '{"keys": "' + "x" * 70_000 + '"}']
)
def test_a_file_that_is_no_key_set_is_refused_with_a_sentence(iam: Iam, tmp_path: Path, text: str) -> None:
    file = written(tmp_path, text)

    complaint = iam("client", "create", "--name", "Shop", "--auth-method", "private_key_jwt", "--jwks", file).complaint

    assert "is not a key set" in complaint


def test_keys_and_an_address_are_one_too_many(iam: Iam, jwks: str) -> None:
    options = ("--auth-method", "private_key_jwt", "--jwks", jwks, "--jwks-uri", URI)

    assert "not both" in iam("client", "create", "--name", "Shop", *options).complaint


def test_a_key_set_without_a_key_for_the_algorithm_is_refused(iam: Iam, jwks: str) -> None:
    options = ("--auth-method", "private_key_jwt", "--jwks", jwks, "--signing-alg", "RS256")

    assert iam("client", "create", "--name", "Shop", *options).complaint == "None of the keys is one for RS256."


def test_http_is_an_address_where_a_private_network_may_be_reached(iam: Iam) -> None:
    options = ("--auth-method", "private_key_jwt", "--jwks-uri", "http://10.0.0.1:8080/jwks", "--json")

    created = iam("client", "create", "--name", "Shop", *options, IAM_ALLOW_FETCH="10.0.0.0/8")

    assert created.json["jwks_uri"] == "http://10.0.0.1:8080/jwks"


# Changing the method


def test_another_name_leaves_method_keys_and_secret_alone(iam: Iam, jwks: str) -> None:
    signing = create(iam, "--auth-method", "private_key_jwt", "--jwks", jwks, "--signing-alg", "ES256")
    secretive = create(iam, "--auth-method", "client_secret_jwt")
    before = secrets(iam, secretive["client_id"])

    updated = [
        iam("client", "update", client["client_id"], "--name", "Store", "--json").json
        for client in (signing, secretive)
    ]

    assert updated[0]["jwks"] == JWKS
    assert updated[0]["token_endpoint_auth_signing_alg"] == "ES256"
    assert secrets(iam, secretive["client_id"]) == before


def test_a_client_that_comes_to_sign_with_its_secret_gets_a_new_one(iam: Iam) -> None:
    client = create(iam)

    updated = iam("client", "update", client["client_id"], "--auth-method", "client_secret_jwt", "--json").json

    assert updated["client_secret"] != client["client_secret"]
    assert secrets(iam, client["client_id"]) == [(minted.digest(updated["client_secret"]), True, None)]


def test_a_client_that_comes_to_send_its_secret_keeps_it_as_a_digest(iam: Iam) -> None:
    client = create(iam, "--auth-method", "client_secret_jwt")

    updated = iam("client", "update", client["client_id"], "--auth-method", "client_secret_post", "--json").json

    assert "client_secret" not in updated
    assert secrets(iam, client["client_id"]) == [(minted.digest(client["client_secret"]), False, None)]


def test_a_client_that_comes_to_sign_with_a_key_loses_its_secrets(iam: Iam, jwks: str) -> None:
    client = create(iam, "--auth-method", "client_secret_jwt")

    iam("client", "update", client["client_id"], "--auth-method", "private_key_jwt", "--jwks", jwks)

    assert secrets(iam, client["client_id"]) == []


def test_a_client_that_comes_from_a_key_to_a_secret_gets_one(iam: Iam, jwks: str) -> None:
    client = create(iam, "--auth-method", "private_key_jwt", "--jwks", jwks)

    updated = iam("client", "update", client["client_id"], "--auth-method", "client_secret_basic", "--json").json

    assert secrets(iam, client["client_id"]) == [(minted.digest(updated["client_secret"]), False, None)]


def test_new_keys_take_the_place_of_the_old_ones(iam: Iam, jwks: str) -> None:
    client = create(iam, "--auth-method", "private_key_jwt", "--jwks-uri", URI)

    updated = iam("client", "update", client["client_id"], "--jwks", jwks, "--json").json

    assert updated["jwks"] == JWKS
    assert "jwks_uri" not in updated


def test_a_change_that_is_not_in_order_changes_nothing(iam: Iam) -> None:
    client = create(iam)
    before = secrets(iam, client["client_id"])

    complaint = iam("client", "update", client["client_id"], "--auth-method", "private_key_jwt").complaint

    assert "needs its public keys" in complaint
    assert secrets(iam, client["client_id"]) == before


# Two secrets


def test_the_old_secret_may_be_kept_for_a_while(iam: Iam) -> None:
    client = create(iam)

    rotated = iam("client", "rotate-secret", client["client_id"], "--keep", "3600", "--json").json

    (old, _, expires_at), (new, _, forever) = secrets(iam, client["client_id"])
    assert (old, new) == (minted.digest(client["client_secret"]), minted.digest(rotated["client_secret"]))
    assert expires_at is not None
    assert timedelta(minutes=59) < expires_at - datetime.now(UTC) <= timedelta(hours=1)
    assert forever is None


def test_a_client_has_two_secrets_at_most(iam: Iam) -> None:
    client = create(iam)

    rotated = [
        iam("client", "rotate-secret", client["client_id"], "--keep", seconds, "--json").json
        for seconds in ("86400", "3600")
    ]

    digests = [digest for digest, *_ in secrets(iam, client["client_id"])]
    assert digests == [minted.digest(each["client_secret"]) for each in rotated]


def test_a_secret_that_runs_out_is_not_kept_longer_by_the_next_rotation(iam: Iam) -> None:
    client = create(iam)
    iam("client", "rotate-secret", client["client_id"], "--keep", "60")

    iam("client", "rotate-secret", client["client_id"])

    assert len(secrets(iam, client["client_id"])) == 1


def test_a_client_that_signs_with_its_secret_gets_the_new_one_encrypted(iam: Iam) -> None:
    client = create(iam, "--auth-method", "client_secret_jwt")

    iam("client", "rotate-secret", client["client_id"], "--keep", "60")

    assert [sealed for _, sealed, _ in secrets(iam, client["client_id"])] == [True, True]


@pytest.mark.parametrize("seconds", ["-1", "7776001", "soon"])
def test_a_time_to_keep_it_that_makes_no_sense_is_wrong_usage(iam: Iam, seconds: str) -> None:
    client = create(iam)

    assert iam("client", "rotate-secret", client["client_id"], "--keep", seconds).status == 2
    assert len(secrets(iam, client["client_id"])) == 1


def test_a_client_with_a_key_has_no_secret_to_rotate(iam: Iam, jwks: str) -> None:
    client = create(iam, "--auth-method", "private_key_jwt", "--jwks", jwks)

    assert iam("client", "rotate-secret", client["client_id"]).complaint == (
        "The client Shop has no secret: it proves itself in another way."
    )


def test_the_secrets_look_like_secrets(iam: Iam) -> None:
    client = create(iam, "--auth-method", "client_secret_jwt")

    assert minted.well_formed(client["client_secret"], Kind.CLIENT_SECRET)

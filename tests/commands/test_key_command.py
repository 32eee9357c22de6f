"""`iam key`."""

import pytest

from iam.secrets.signing_keys import KINDS, SIGNING
from tests.command_line import Iam


@pytest.fixture
def keys(iam: Iam) -> dict[str, dict[str, str]]:
    """A key of each kind, by what it is good for."""
    return {key["alg"]: key for key in iam("key", "rotate", "--now", "--json").json}


def test_keys_that_sign_and_keys_that_are_encrypted_to_are_listed(iam: Iam, keys: dict[str, dict[str, str]]) -> None:
    listed = iam("key", "list", "--json").json

    assert set(keys) == set(KINDS)
    assert {key["alg"]: key["use"] for key in listed} == {alg: "sig" if alg in SIGNING else "enc" for alg in KINDS}
    assert {keys[alg]["kid"] for alg in KINDS} <= {key["kid"] for key in listed}


def test_one_kind_of_key_is_rotated_and_the_old_one_stays_for_a_while(
    iam: Iam, keys: dict[str, dict[str, str]]
) -> None:
    (new,) = iam("key", "rotate", "--alg", "ECDH-ES", "--now", "--json").json

    states = {key["kid"]: key["state"] for key in iam("key", "list", "--json").json}
    assert states[new["kid"]] == "active"
    assert states[keys["ECDH-ES"]["kid"]] == "retired"


def test_a_key_is_retired_and_replaced(iam: Iam, keys: dict[str, dict[str, str]]) -> None:
    kid = keys["ES256"]["kid"]

    retired = iam("key", "retire", kid, "--json").json

    states = {key["kid"]: key["state"] for key in iam("key", "list", "--json").json if key["alg"] == "ES256"}
    assert retired == {"kid": kid, "alg": "ES256", "removed": True}
    assert states.pop(kid) == "removed"
    assert "active" in states.values()


def test_h29_what_is_done_with_keys_is_written_down(iam: Iam, keys: dict[str, dict[str, str]]) -> None:
    kid = keys["RS256"]["kid"]
    iam("key", "retire", kid)

    published = iam("audit", "list", "--kind", "key.published", "--json").json
    (retired,) = [
        event for event in iam("audit", "list", "--kind", "key.retired", "--json").json if event["detail"]["kid"] == kid
    ]
    assert retired["actor"] == "command line"
    assert kid in {event["detail"]["kid"] for event in published}


def test_a_key_that_is_not_there_is_said_to_be_not_there(iam: Iam) -> None:
    assert iam("key", "retire", "nobodys").complaint == "There is no key nobodys, or it is removed already."

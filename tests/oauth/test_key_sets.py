"""Clients' public keys: which are good (RFC 7517, RFC 7518)."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from iam.clients.key_sets import KeySetError, read
from tests.assertions import MAKERS, make, public

EC = make("ES256").as_dict(private=False)
RSA = make("RS256").as_dict(private=False)


def refused(document: Any) -> str:
    with pytest.raises(KeySetError) as error:
        read(document)
    return str(error.value)


@pytest.mark.parametrize("alg", MAKERS)
def test_public_keys_of_every_algorithm_are_taken(alg: str) -> None:
    (key,) = read(public(make(alg)))

    assert alg in key.algs


@pytest.mark.parametrize(
    "key",
    [
        ECKey.generate_key("P-256"),
        RSAKey.generate_key(2048),
        OKPKey.generate_key("Ed25519"),
        OKPKey.generate_key("X25519"),
    ],
)
def test_a_private_key_is_refused(key: Any) -> None:
    assert "give only its public half" in refused({"keys": [EC, key.as_dict(private=True)]})


def test_a_symmetric_key_is_refused() -> None:
    assert "give only its public half" in refused({"keys": [EC, OctKey.generate_key(256).as_dict(private=True)]})


@pytest.mark.parametrize("name", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_any_member_of_a_private_key_is_refused(name: str) -> None:
    assert "give only its public half" in refused({"keys": [{**RSA, name: "AQAB"}]})


def test_a_key_is_called_by_what_can_be_printed_of_its_name() -> None:
    sentence = refused({"keys": [{**EC, "x": EC["y"], "kid": "a\x1b[2J\r\n\ud800\u202e"}]})

    assert sentence == "The EC key a?[2J???? is not valid."


def test_an_rsa_key_has_2048_bits() -> None:
    key = rsa.generate_private_key(65537, 1024).public_key().public_numbers()
    text = key.n.to_bytes(128).hex()
    weak = {"kty": "RSA", "e": "AQAB", "n": base64url(bytes.fromhex(text))}

    assert refused({"keys": [weak]}) == "An RSA key must have 2048 to 8192 bits; this one has 1024."


@pytest.mark.parametrize("octets", [1025, 4000])
def test_an_rsa_key_is_not_so_long_that_it_takes_our_time(octets: int) -> None:
    assert "8192 bits" in refused({"keys": [{**RSA, "n": base64url(b"\xff" * octets)}]})


def test_an_rsa_exponent_is_not_so_long_that_it_takes_our_time() -> None:
    assert "exponent" in refused({"keys": [{**RSA, "e": base64url(b"\xff" * 200)}]})


def test_there_are_sixteen_keys_at_most() -> None:
    assert len(read({"keys": [EC] * 16})) == 16
    assert refused({"keys": [EC] * 17}) == "A key set has at most 16 keys."


@pytest.mark.parametrize(
    "other",
    [
        {**EC, "use": "enc"},
        {**EC, "key_ops": ["encrypt"]},
        {**EC, "alg": "ES512"},
        {"kty": "future", "x": "y"},
        {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {"kty": ["EC"], "crv": {}},
        {},
    ],
)
def test_keys_for_something_else_are_left_out_and_are_not_enough(other: dict[str, Any]) -> None:
    assert [key.kid for key in read({"keys": [other, EC]})] == [EC["kid"]]
    assert "no public key for signatures" in refused({"keys": [other]})


@pytest.mark.parametrize("changes", [{"x": "AA"}, {"x": 7}, {"y": None}, {"x": "é"}, {"kid": 7}, {"kid": "k" * 300}])
def test_a_broken_key_is_refused(changes: dict[str, Any]) -> None:
    assert refused({"keys": [{**EC, **changes}]})


@pytest.mark.parametrize("changes", [{"n": None}, {"n": 7}, {"n": "*"}, {"e": ""}, {"e": "AA"}, {"n": "é"}])
def test_a_broken_rsa_key_is_refused(changes: dict[str, Any]) -> None:
    assert refused({"keys": [{**RSA, **changes}]})


def test_a_point_that_is_not_on_the_curve_is_refused() -> None:
    assert "not valid" in refused({"keys": [{**EC, "x": EC["y"]}]})


@pytest.mark.parametrize(
    "document", [None, [], "keys", {}, {"keys": {}}, {"keys": "ab"}, {"keys": [[]]}, {"keys": [None]}]
)
def test_what_is_no_key_set_is_refused(document: Any) -> None:
    assert refused(document)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["RSA", "EC", "OKP", "P-256", "AQAB"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
members = st.sampled_from(["kty", "crv", "x", "y", "n", "e", "kid", "use", "key_ops", "alg", "d", "k"])


@given(st.lists(st.dictionaries(members, values, max_size=6), max_size=3))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_json_is_judged_without_an_accident(keys: list[Any]) -> None:
    try:
        found = len(read({"keys": keys}))
    except KeySetError:
        found = 0

    assert found <= len(keys)


def base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()

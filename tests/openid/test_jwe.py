"""JWEs are made and read by sound algorithms alone."""

import json
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.errors import JoseError
from joserfc.jwe import decrypt_compact
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from iam.clients import encryption
from iam.secrets import jwe

KEYS = {
    "RSA": RSAKey.generate_key(2048),
    "P-256": ECKey.generate_key("P-256"),
    "P-521": ECKey.generate_key("P-521"),
    "X25519": OKPKey.generate_key("X25519"),
}
PAIRS = [(name, alg) for name in KEYS for alg in (jwe.RSA_ALGORITHMS if name == "RSA" else jwe.EC_ALGORITHMS)]


@pytest.mark.parametrize("enc", jwe.ENCODINGS)
@pytest.mark.parametrize(("name", "alg"), PAIRS)
def test_every_pair_of_algorithms_gives_a_text_that_its_key_opens(name: str, alg: str, enc: str) -> None:
    (key,) = encryption.read({"keys": [{**KEYS[name].as_dict(private=False), "kid": "mine", "use": "enc"}]})

    text = key.encrypted("a.b.c", alg, enc)

    opened = decrypt_compact(text, KEYS[name], algorithms=[alg, enc])
    assert opened.plaintext == b"a.b.c"
    assert opened.protected.items() >= {"alg": alg, "enc": enc, "cty": "JWT", "kid": "mine"}.items()


@pytest.mark.parametrize("alg", ["RSA1_5", "dir", "A128KW", "PBES2-HS256+A128KW", "none"])
def test_other_algorithms_are_not_there(alg: str) -> None:
    key = KEYS["RSA"] if alg == "RSA1_5" else OctKey.generate_key(128)

    with pytest.raises(JoseError):
        jwe.encrypted(key, "a.b.c", alg, "A128GCM", {})  # type: ignore[arg-type]


def test_a_key_that_says_it_is_for_encryption_comes_before_one_that_says_nothing() -> None:
    either, meant = (KEYS["P-256"].as_dict(private=False), KEYS["P-521"].as_dict(private=False))

    keys = encryption.read({"keys": [{**either, "kid": "either"}, {**meant, "kid": "meant", "use": "enc"}]})

    assert [key.kid for key in keys] == ["meant", "either"]


@pytest.mark.parametrize("member", [{"use": "sig"}, {"key_ops": ["verify"]}, {"key_ops": 7}, {"alg": "RS256"}])
def test_a_key_for_signatures_is_not_encrypted_to(member: dict[str, object]) -> None:
    document = {"keys": [{**KEYS["RSA"].as_dict(private=False), **member}]}

    assert encryption.read(document) == ()


def test_a_private_key_is_refused() -> None:
    document = {"keys": [{**KEYS["RSA"].as_dict(private=True), "use": "enc"}]}

    with pytest.raises(encryption.KeySetError, match="private"):
        encryption.read(document)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(["epk", "apu", "apv", "kid", "alg", "enc", "p2c", "iv", "tag", "typ", "crit", "zip"])
parts = st.sampled_from(["", "A", "AAAA", "!", "é", "=", "A" * 16, "A" * 22])


@given(st.text())
def test_a_text_that_is_no_jwe_has_no_header(text: str) -> None:
    assert jwe.header_of(text) is None


@given(st.dictionaries(names, json_values), st.lists(parts, min_size=4, max_size=4))
def test_a_jwe_that_is_not_in_order_is_never_opened(changes: dict[str, object], others: list[str]) -> None:
    header = {"alg": "ECDH-ES", "enc": "A128GCM", "epk": KEYS["P-256"].as_dict(private=False), **changes}
    head = urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()

    opened = jwe.decrypted(KEYS["P-256"], ".".join((head, *others)))

    assert opened is None

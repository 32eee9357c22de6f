"""Secrets made by us (H25, H26)."""

from hypothesis import given
from hypothesis import strategies as st

from iam import credentials
from iam.credentials import Kind

kinds = st.sampled_from(Kind)


@given(kinds, st.binary(min_size=32, max_size=32))
def test_h26_a_secret_has_a_readable_prefix_a_constant_length_and_a_checksum(kind: Kind, entropy: bytes) -> None:
    text = credentials.compose(kind, entropy)

    assert text.startswith(f"iam_{kind.value}_")
    assert len(text) == 57
    assert credentials.well_formed(text, kind)


@given(kinds, kinds)
def test_h26_a_secret_of_one_kind_is_none_of_another(kind: Kind, other: Kind) -> None:
    assert credentials.well_formed(credentials.mint(kind), other) == (kind is other)


@given(st.integers(0, 56))
def test_h26_every_prefix_of_a_secret_is_refused(length: int) -> None:
    assert not credentials.well_formed(credentials.mint(Kind.ACCESS_TOKEN)[:length], Kind.ACCESS_TOKEN)


@given(st.integers(7, 56))
def test_h26_a_changed_character_is_refused(position: int) -> None:
    text = credentials.mint(Kind.ACCESS_TOKEN)
    other = "A" if text[position] != "A" else "B"

    changed = text[:position] + other + text[position + 1 :]

    assert not credentials.well_formed(changed, Kind.ACCESS_TOKEN)


def test_h26_a_suffix_or_another_case_is_refused() -> None:
    text = credentials.mint(Kind.ACCESS_TOKEN)

    assert not credentials.well_formed(text + "x", Kind.ACCESS_TOKEN)
    assert not credentials.well_formed(text.swapcase(), Kind.ACCESS_TOKEN)


@given(st.text())
def test_h26_any_text_from_outside_is_judged_without_an_error(text: str) -> None:
    assert not credentials.well_formed(text, Kind.REFRESH_TOKEN)


@given(st.binary(min_size=32, max_size=32))
def test_base62_of_a_number_reads_back_as_that_number(entropy: bytes) -> None:
    number = 0
    for digit in credentials.base62(entropy, credentials.SECRET_LENGTH):
        number = number * 62 + credentials.ALPHABET.index(digit)

    assert number == int.from_bytes(entropy, "big")


def test_identifiers_are_uuids_of_version_7_in_the_order_of_their_milliseconds() -> None:
    first, second = credentials.identifier(), credentials.identifier()

    assert first.version == second.version == 7
    assert first.int >> 80 <= second.int >> 80


def test_a_digest_is_the_sha256_of_the_text() -> None:
    assert credentials.digest("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

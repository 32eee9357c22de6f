"""Secrets made by us (H25, H26)."""

from collections import Counter
from datetime import UTC, date, datetime
from functools import reduce
from operator import and_, or_
from uuid import RFC_4122
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.secrets import minted
from iam.secrets.minted import Kind

kinds = st.sampled_from(Kind)


days = st.dates(date(2000, 1, 1), date(2652, 1, 1))


def made_up(kind: Kind) -> str:
    return minted.mint_until(kind, datetime(2026, 1, 2, tzinfo=UTC)) if kind.dated else minted.mint(kind)


@given(kinds, st.binary(min_size=32, max_size=32), days)
def test_h26_a_secret_has_a_readable_prefix_a_constant_length_and_a_checksum(
    kind: Kind, entropy: bytes, day: date
) -> None:
    dated = kind.dated
    text = minted.compose(kind, entropy, day if dated else None)

    assert text.startswith(f"iam_{kind.value}_")
    assert len(text) == 57 + 3 * dated
    assert minted.well_formed(text, kind)


@given(st.binary(min_size=32, max_size=32), days)
def test_a_secret_that_lies_in_a_partition_tells_its_day(entropy: bytes, day: date) -> None:
    assert minted.day_of(minted.compose(Kind.ACCESS_TOKEN, entropy, day)) == day


@pytest.mark.parametrize(("kind", "day"), [(Kind.ACCESS_TOKEN, None), (Kind.CLIENT_SECRET, date(2026, 1, 2))])
def test_only_a_secret_that_lies_in_a_partition_has_a_day(kind: Kind, day: date | None) -> None:
    with pytest.raises(ValueError, match="day"):
        minted.compose(kind, bytes(32), day)


@given(kinds, kinds)
def test_h26_a_secret_of_one_kind_is_none_of_another(kind: Kind, other: Kind) -> None:
    assert minted.well_formed(made_up(kind), other) == (kind is other)


@given(st.integers(0, 59))
def test_h26_every_prefix_of_a_secret_is_refused(length: int) -> None:
    assert not minted.well_formed(made_up(Kind.ACCESS_TOKEN)[:length], Kind.ACCESS_TOKEN)


@given(st.integers(7, 59))
def test_h26_a_changed_character_is_refused(position: int) -> None:
    text = made_up(Kind.ACCESS_TOKEN)
    other = "A" if text[position] != "A" else "B"

    changed = text[:position] + other + text[position + 1 :]

    assert not minted.well_formed(changed, Kind.ACCESS_TOKEN)


def test_h26_a_suffix_or_another_case_is_refused() -> None:
    text = made_up(Kind.ACCESS_TOKEN)

    assert not minted.well_formed(text + "x", Kind.ACCESS_TOKEN)
    assert not minted.well_formed(text.swapcase(), Kind.ACCESS_TOKEN)


@given(st.text())
def test_h26_any_text_from_outside_is_judged_without_an_error(text: str) -> None:
    assert not minted.well_formed(text, Kind.REFRESH_TOKEN)


def test_every_digit_of_a_secret_is_equally_likely() -> None:
    digits = bytes(range(256)).translate(minted.DIGIT_OF, minted.PASSED_OVER).decode()

    assert Counter(digits) == dict.fromkeys(minted.ALPHABET, 4)


@given(st.integers(0, 500))
def test_so_many_digits_are_drawn_as_are_asked_for(length: int) -> None:
    digits = minted.draw(length)

    assert len(digits) == length
    assert set(digits) <= set(minted.ALPHABET)


@given(st.binary(max_size=100).map(bytes.hex))
def test_a_checksum_is_the_crc_in_base62(body: str) -> None:
    assert minted.number(minted.checksum(body)) == crc32(body.encode())


@given(st.binary(min_size=32, max_size=32))
def test_base62_of_a_number_reads_back_as_that_number(entropy: bytes) -> None:
    number = 0
    for digit in minted.base62(entropy, minted.SECRET_LENGTH):
        number = number * 62 + minted.ALPHABET.index(digit)

    assert number == int.from_bytes(entropy, "big")


def test_identifiers_are_uuids_of_version_7_in_the_order_of_their_milliseconds() -> None:
    first, second = minted.identifier(), minted.identifier()

    assert first.version == second.version == 7
    assert first.variant == second.variant == RFC_4122
    assert first.int >> 80 <= second.int >> 80


def test_what_an_identifier_does_not_say_is_random() -> None:
    told = [minted.identifier().int for _ in range(200)]
    random = (1 << 62) - 1 | ((1 << 12) - 1) << 64

    assert reduce(or_, told) & random == random
    assert reduce(and_, told) & random == 0


def test_a_digest_is_the_sha256_of_the_text() -> None:
    assert minted.digest("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(st.binary(min_size=32, max_size=32), days)
def test_a_secret_is_restored_from_its_core(entropy: bytes, day: date) -> None:
    text = minted.compose(Kind.REFRESH_TOKEN, entropy, day)

    assert minted.restored(Kind.REFRESH_TOKEN, minted.core(text)) == text

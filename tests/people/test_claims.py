"""Which claims a person may have."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.people.claims import ADDRESS, TEXTS, complaint

STORED = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))  # what PostgreSQL can keep
NO_TEXT = st.one_of(st.none(), st.booleans(), st.integers(), st.lists(STORED, max_size=2))


@given(st.sampled_from(sorted(TEXTS)), st.text(alphabet="abc äß€1", max_size=30))
def test_a_standard_claim_is_text(name: str, value: str) -> None:
    """OpenID Connect Core §5.1."""
    assert complaint({name: value}) is None


@given(st.sampled_from(sorted(TEXTS)), NO_TEXT)
def test_a_standard_claim_is_nothing_but_text(name: str, value: object) -> None:
    told = complaint({name: value})

    assert told is not None
    assert told.startswith(f"The claim {name} is text")


@pytest.mark.parametrize("value", ["true", 1, None])
def test_whether_a_telephone_number_is_verified_is_true_or_false(value: object) -> None:
    told = complaint({"phone_number_verified": value})

    assert told is not None
    assert "true or false" in told


@given(st.dictionaries(st.sampled_from(sorted(ADDRESS)), st.text(alphabet="abc 1", max_size=20)))
def test_an_address_has_parts_of_text(address: dict[str, str]) -> None:
    """OpenID Connect Core §5.1.1."""
    assert complaint({"address": address}) is None


@pytest.mark.parametrize("value", ["1630 Revello Drive", None, {"postal_code": 90210}, ["Sunnydale"]])
def test_an_address_is_nothing_else(value: object) -> None:
    told = complaint({"address": value})

    assert told is not None
    assert "an object" in told


@given(st.from_regex(r"[a-z]{1,10}_of_ours", fullmatch=True), NO_TEXT)
def test_a_claim_of_ones_own_is_what_one_likes(name: str, value: object) -> None:
    told = complaint({name: value})

    assert told is None
    assert json.dumps({name: value})

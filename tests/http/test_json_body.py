"""JSON bodies, read strictly (RFC 8259; H2, H7)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.http.json_body import DEPTH, parse
from iam.http.parameters import ParameterError

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**16), 10**16)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


def nested(depth: int) -> Any:
    return {} if depth == 0 else {"a": nested(depth - 1)}


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "object"),
        (b'"text"', "object"),
        (b"null", "object"),
        (b"{} {}", "not JSON"),
        (b'{"a": 1, "a": 1}', "repeated"),
        (b'{"a": {"b": 1, "b": 2}}', "repeated"),
        (b'{"a": 1, "\\u0061": 2}', "repeated"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": ' + b"9" * 19 + b"}", "too long"),
        (b'{"a": ' + b"9" * 60_000 + b"}", "too long"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"\xff\xfe{\0}\0", "not UTF-8"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'{"a": ["\\ud800"]}', "surrogate"),
        (b'{"a": "\n"}', "not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a":' * 30_000 + b"1" + b"}" * 30_000, "deep"),
        (b"[" * 60_000, "deep"),
        (json.dumps(nested(DEPTH + 1)).encode(), "deep"),
    ],
)
def test_what_is_no_plain_object_is_refused(octets: bytes, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        parse(octets)


def test_an_object_may_be_as_deep_as_key_sets_are() -> None:
    assert parse(json.dumps(nested(DEPTH - 1)).encode()) == nested(DEPTH - 1)


@given(st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_an_object_or_refused(octets: bytes) -> None:
    try:
        document = parse(octets)
    except ParameterError:
        return

    assert json.loads(octets) == document


@given(st.dictionaries(texts, scalars | st.lists(scalars) | st.dictionaries(texts, scalars), max_size=5))
def test_an_object_is_read_as_it_was_written(document: dict[str, Any]) -> None:
    assert parse(json.dumps(document).encode()) == document

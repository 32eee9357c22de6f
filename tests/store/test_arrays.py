"""Array elements mean to PostgreSQL what they mean to us, whatever is in them."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from iam.database.arrays import array, element, nested

TEXTS = st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
relaxed = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def cursor(cluster: Any) -> Iterator[Any]:
    with closing(psycopg2.connect(cluster.admin_dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("set timezone = 'UTC'")
        yield cursor


def sent(cursor: Any, kind: str, values: list[Any]) -> list[Any]:
    """What PostgreSQL reads."""
    cursor.execute("select * from unnest(%s::" + kind + ")", (array(map(element, values)),))
    return [value for (value,) in cursor.fetchall()]


@relaxed
@given(st.lists(TEXTS))
@example(["", None, "NULL", "null", '"', "\\", '","', "{}", "a b", " ", "\t\n\r", "'", "''", "%s", "$1", "ÿ", "😀"])
def test_texts_arrive_as_they_are(cursor: Any, texts: list[str | None]) -> None:
    assert sent(cursor, "text[]", texts) == texts


@relaxed
@given(st.lists(st.none() | st.binary()))
def test_octets_arrive_as_they_are(cursor: Any, octets: list[bytes | None]) -> None:
    assert [None if value is None else bytes(value) for value in sent(cursor, "bytea[]", octets)] == octets


@relaxed
@given(st.lists(st.none() | st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=-5, minutes=-30))))))
def test_moments_arrive_as_they_are(cursor: Any, moments: list[datetime | None]) -> None:
    representable = [moment for moment in moments if moment is None or 2 < moment.year < 9998]

    assert sent(cursor, "timestamptz[]", representable) == representable


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("bool[]", [True, False, None]),
        ("int8[]", [0, -(2**63), 2**63 - 1, None]),
        ("float8[]", [0.1, -1e300, float("inf"), None]),
        ("numeric[]", [Decimal("0.10"), Decimal(-7), None]),
        ("date[]", [date(2026, 11, 24), None]),
        ("text[]", []),
    ],
)
def test_values_of_other_types_arrive_as_they_are(cursor: Any, kind: str, values: list[Any]) -> None:
    assert sent(cursor, kind, values) == values


def test_identifiers_arrive_as_they_are(cursor: Any) -> None:
    identifier = uuid4()

    assert [UUID(str(value)) for value in sent(cursor, "uuid[]", [identifier])] == [identifier]


def test_a_member_of_an_enumeration_is_sent_as_its_text(cursor: Any) -> None:
    class Colour(StrEnum):
        RED = 'r"d'

    assert sent(cursor, "text[]", [Colour.RED]) == ['r"d']


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800"])
def test_a_text_that_postgresql_cannot_hold_is_refused_before_it_joins_a_batch(text: str) -> None:
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        element(text)


def test_a_value_without_a_form_is_refused() -> None:
    with pytest.raises(TypeError, match="list has no form"):
        element(["nested"])


@relaxed
@given(st.lists(st.lists(TEXTS)))
@example([[], ["NULL", None, "", '"', "\\", "{}", ",", "'"], ["{a,b}", '"}', '{"']])
def test_lists_of_different_lengths_arrive_as_they_are(cursor: Any, lists: list[list[str | None]]) -> None:
    texts = array(map(nested, lists))

    cursor.execute("select i::text[] from unnest(%s::text[]) i", (texts,))

    assert [value for (value,) in cursor.fetchall()] == lists


def test_no_list_is_not_an_empty_list(cursor: Any) -> None:
    cursor.execute("select i::int[] from unnest(%s::text[]) i", (array([nested(None), nested([]), nested([1, 2])]),))

    assert cursor.fetchall() == [(None,), ([],), ([1, 2],)]

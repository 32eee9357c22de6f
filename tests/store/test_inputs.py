"""A record declares what a statement reads: names, types and order; what does not fit together is said where it is declared."""

import ast
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from attrs import frozen

import iam
from iam.database.database import Database
from iam.database.inputs import fit, parameters

Start = Callable[..., Awaitable[Database]]


@frozen
class Everything:
    """A field of each type, and of each there may be none."""

    digest: bytes | None
    day: date | None
    at: datetime | None
    text: str | None
    id: UUID | None
    number: int | None
    share: float | None
    price: Decimal | None
    flag: bool | None
    names: Sequence[str] | None
    moments: Collection[datetime] = ()


NAMES = "digest, day, at, text, id, number, share, price, flag, names, moments"
ALL = "select i.n, " + ", ".join("i." + name for name in NAMES.split(", ")) + " from {input}"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
FULL = (b"\\x\0", NOW.date(), NOW, 'a "b" \\', uuid4(), -7, 0.5, Decimal("1.10"), True, ["a,b", "{}", '"'], [NOW])
NONE = (None,) * 10


async def test_every_field_arrives_in_its_type(start: Start) -> None:
    database = await start(lambda database: database.statement("everything", Everything, ALL))
    ask = database.statements["everything"]

    assert await ask(Everything(*FULL)) == FULL
    assert await ask(Everything(*NONE)) == (*NONE, [])


async def test_what_is_asked_together_is_told_apart(start: Start) -> None:
    database = await start(lambda database: database.statement("everything", Everything, ALL))
    rows = [(number.to_bytes(1), *FULL[1:9], ["x"] * number, []) for number in range(5)]

    answers = [database.statements["everything"](Everything(*row)) for row in rows]

    assert [await answer for answer in answers] == rows
    assert database.statistics.statements == 1


async def test_a_record_of_one_field_is_a_row_too(start: Start) -> None:
    @frozen
    class Name:
        name: str

    database = await start(lambda database: database.statement("one", Name, "select i.n, upper(i.name) from {input}"))

    assert await database.statements["one"](Name("ab")) == ("AB",)


async def test_a_record_of_one_list_is_a_row_too(start: Start) -> None:
    @frozen
    class Names:
        names: Sequence[str]

    database = await start(lambda database: database.statement("one", Names, "select i.n, i.names[1] from {input}"))

    assert await database.statements["one"](Names(["a", "b"])) == ("a",)


def test_types_follow_from_annotations() -> None:
    assert parameters(Everything) == [
        "bytea[]",
        "date[]",
        "timestamptz[]",
        "text[]",
        "uuid[]",
        "integer[]",
        "double precision[]",
        "numeric[]",
        "boolean[]",
        "text[]",
        "text[]",
    ]


@frozen
class Redeemed:
    """Two fields."""

    digest: bytes
    day: date


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select i.n, i.digest, i.dya from {input} where i.day > '2026-01-01'", "reads what Redeemed has not: dya"),
        ("select i.n, i.digest from {input}", "never reads what Redeemed has: day"),
        ("select i.n, i.digest, i.day from codes i", "needs one {input}"),
        ("select i.n, i.digest, i.day from {input}, {input}", "needs one {input}"),
    ],
)
def test_sql_that_does_not_fit_the_record_is_refused_where_it_stands(sql: str, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        fit(Redeemed, sql)


async def test_it_is_refused_where_it_is_declared_too(start: Start) -> None:
    database = Database(None, "host=nowhere")

    with pytest.raises(TypeError, match="reads what Redeemed has not: dya"):
        database.statement("redeem", Redeemed, "select i.n, i.day, i.digest, i.dya from {input}")


def test_a_piece_stands_in_the_place_of_its_name() -> None:
    sql = fit(Redeemed, "select i.n from {input} where {good}", good="\n    i.digest <> '' and i.day > '2026-01-01'\n")

    assert sql == "select i.n from {input} where i.digest <> '' and i.day > '2026-01-01'"
    with pytest.raises(TypeError, match="has not: dya"):
        fit(Redeemed, "select i.n, i.digest, i.day from {input} where {good}", good="i.dya")


@frozen
class Odd:
    """A field that PostgreSQL has no type for."""

    digest: bytes
    mixed: str | int


@frozen
class Numbered:
    """A field with the name of the number."""

    n: int


@pytest.mark.parametrize(
    ("record", "message"),
    [(Odd, r"Odd\.mixed: str \| int has no type"), (Numbered, r"Numbered\.n: the number of the row")],
)
def test_a_record_that_cannot_be_sent_is_refused(record: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        parameters(record)


def test_every_statement_of_the_store_is_held_against_its_record_when_it_is_imported() -> None:
    """Whoever writes `{input}` writes it within fit()."""
    loose = []
    for path in sorted((Path(iam.__file__).parent / "store").glob("*.py")):
        tree = ast.parse(path.read_text())
        fitted = {
            id(text)
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "fit"
            for text in ast.walk(call)
        }
        loose += [
            f"{path.name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and "from {input}" in str(node.value) and id(node) not in fitted
        ]

    assert loose == []

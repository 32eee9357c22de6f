"""Conditions of a change, which PostgreSQL judges in the transaction of the statement that makes it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from attrs import define

from iam.database.connection import Parameters
from iam.database.writes import writing


@define
class Condition:
    """A statement that is executed in front of the next one that writes, and fails both if the condition does not hold."""

    sql: str
    parameters: Mapping[str, object]
    judged: bool = False


CURRENT: Final[ContextVar[Condition | None]] = ContextVar("condition", default=None)


@contextmanager
def only_if(condition: Condition) -> Iterator[None]:
    """Puts the condition in front of the first statement that writes in this block."""
    token = CURRENT.set(condition)
    try:
        yield
    finally:
        CURRENT.reset(token)


def standing() -> bool:
    """Whether the next statement that writes stands under a condition."""
    condition = CURRENT.get()
    return condition is not None and not condition.judged


def conditional(sql: str, parameters: Parameters) -> tuple[str, Parameters]:
    """Returns the statement with the condition that it stands under, if any. Parameters are by name then."""
    condition = CURRENT.get()
    if condition is None or condition.judged or not writing(sql) or not isinstance(parameters, Mapping):
        return sql, parameters
    condition.judged = True
    return f"{condition.sql};\n{sql}", {**condition.parameters, **parameters}

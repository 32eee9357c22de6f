"""Files of events: CSV for spreadsheets (RFC 4180), and lines of JSON for programs."""

import csv
import io
import json
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from iam.administration.telling import Told

COLUMNS: Final = ("id", "at", "kind", "actor", "user_id", "client_id", "address", "detail", "sentence")

# A spreadsheet takes a cell that begins so for a formula, and works it out: an apostrophe makes it a text (OWASP, CSV injection).
FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


class Format(StrEnum):
    """How events are written into a file."""

    CSV = "csv"
    JSONL = "jsonl"

    @property
    def media_type(self) -> str:
        """The media type of such a file."""
        return MEDIA[self]


MEDIA: Final = {Format.CSV: "text/csv", Format.JSONL: "application/jsonl"}


async def written(batches: AsyncGenerator[Sequence[Told], None], written_as: Format) -> AsyncGenerator[bytes, None]:
    """Yields the file of these events, a part for each batch."""
    if written_as is Format.CSV:
        yield rows([COLUMNS]).encode()
    write = table if written_as is Format.CSV else lines
    async for events in batches:
        yield write(map(document, events)).encode()


def document(told: Told) -> dict[str, object]:
    """Returns what a file says about an event, by column."""
    event = told.event
    raw = (event.at.isoformat(), event.kind, event.actor, event.subject, event.client, event.address, event.detail)
    return dict(zip(COLUMNS, (str(event.id), *raw, told.sentence), strict=True))


def lines(documents: Iterable[Mapping[str, object]]) -> str:
    """Returns a line of JSON for each event."""
    return "".join(json.dumps(each, default=dict) + "\n" for each in documents)


def table(documents: Iterable[Mapping[str, object]]) -> str:
    """Returns a row of CSV for each event."""
    return rows([*map(cell, each.values())] for each in documents)


def rows(cells: Iterable[Sequence[str]]) -> str:
    """Returns rows of CSV, quoted where they must be."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(cells)
    return file.getvalue()


def cell(value: object) -> str:
    """Returns a member of an event as a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=dict)
    return "'" + text if text.startswith(FORMULAS) else text

"""Answers: one JSON document for programs; sentences and tables for people, plain text outside a terminal."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from iam.commands.options import JSON

Document = Mapping[str, object]


def json_wanted() -> bool:
    """Whether the answer is to be JSON (--json)."""
    return JSON in click.get_current_context().meta


def say(sentence: str, document: Document) -> None:
    """Prints what was done: the sentence, or with --json the document."""
    if json_wanted():
        write(document)
    else:
        click.echo(printable(sentence))


def say_one(sentence: str) -> None:
    """Prints what was done to one of several; with --json nothing, since the documents come together."""
    if not json_wanted():
        click.echo(printable(sentence))


def write_all(documents: Sequence[Document]) -> None:
    """Prints with --json the documents of several objects."""
    if json_wanted():
        write(documents)


def show(document: Document) -> None:
    """Prints one object: a line for each of its members, or with --json the document."""
    if json_wanted():
        write(document)
    else:
        lay_out([[name.replace("_", " "), cell(value)] for name, value in document.items()], None)


def tabulate(documents: Sequence[Document], columns: Sequence[str], nothing: str) -> None:
    """Prints a row with these columns per object, or with --json all documents; `nothing` is said if there are none."""
    if json_wanted():
        write(documents)
    elif not documents:
        click.echo(nothing)
    else:
        lay_out([[cell(document.get(name)) for name in columns] for document in documents], columns)


def write(document: object) -> None:
    """Prints the one JSON document."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def lay_out(rows: Sequence[Sequence[str]], columns: Sequence[str] | None) -> None:
    """Prints a table: fitted to the terminal, or as wide as needed if the text goes to a program or a file."""
    headings = [name.replace("_", " ") for name in columns or ()]
    if sys.stdout.isatty():
        draw(rows, headings)
        return
    lines = [headings, *rows] if headings else rows
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def draw(rows: Sequence[Sequence[str]], headings: Sequence[str]) -> None:
    """Prints the table on a terminal; long values are folded, never cut."""
    table = Table(box=None, show_header=bool(headings), header_style="bold", pad_edge=False)
    for heading in headings or ("", ""):
        table.add_column(heading, overflow="fold", style="" if headings else None)
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def cell(value: object) -> str:
    """Returns a member of a document as people read it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return printable(", ".join(map(str, value))) or "-"
    if isinstance(value, Mapping):
        return printable(json.dumps(value, ensure_ascii=False))
    return printable(str(value)) or "-"


def printable(text: str) -> str:
    """Returns the text with unprintable characters escaped: names come from strangers and could steer the terminal."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def moment(at: datetime | None) -> str | None:
    """Returns a moment in UTC as RFC 3339 writes it, in whole seconds."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

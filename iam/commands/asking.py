"""What people are asked, and secrets: from standard input or a hidden prompt, never from the arguments, which every user can read."""

import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import click

from iam.records.invalid import Invalid

LIMIT = 65_536  # bytes of standard input

T = TypeVar("T")


def interactive() -> bool:
    """Is there a person to ask?"""
    return sys.stdin.isatty()


def text(question: str) -> str:
    """What the person types, visibly."""
    with interruptible():
        answer: str = click.prompt(question, err=True)
    return answer


def agreed(question: str) -> bool:
    """Does the person agree? No, unless they say so."""
    with interruptible():
        return click.confirm(question, err=True)


def secret(question: str) -> str:
    """What the person types, hidden."""
    with interruptible():
        answer: str = click.prompt(question, hide_input=True, err=True)
    return answer


def new_password() -> str:
    """A password typed twice, until both are the same."""
    while (password := secret("Password")) != secret("The same password again"):
        click.echo("The two passwords differ.", err=True)
    return password


def secret_on_input(name: str) -> str:
    """The one line on standard input; a hidden prompt where that is a terminal."""
    return secret(name) if interactive() else line_on_input(name)


def line_on_input(name: str) -> str:
    """The one line on standard input, without its end."""
    given = sys.stdin.buffer.read(LIMIT + 1)
    try:
        line = given.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise click.ClickException(f"{name} on standard input must be text in UTF-8.") from None
    if not line or len(given) > LIMIT or "\n" in line or "\0" in line:
        raise click.ClickException(f"{name} on standard input must be one line.")
    return line


async def until_valid(
    answers: dict[str, str], questions: Mapping[str, Callable[[], str]], attempt: Callable[..., Awaitable[T]]
) -> T:
    """Attempt it with the answers; ask for those that are missing, and again for what cannot be used, while there is somebody to ask."""
    while True:
        for field in [field for field in questions if field not in answers]:
            answers[field] = questions[field]()
        try:
            return await attempt(**answers)
        except Invalid as error:
            if not interactive() or error.complaints.keys() - questions.keys():
                raise
            for field, sentence in error.complaints.items():
                click.echo(sentence, err=True)
                del answers[field]


@contextmanager
def interruptible() -> Iterator[None]:
    """Let signals end a prompt: the reactor, which has taken them, stands still meanwhile (nobody else needs it)."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

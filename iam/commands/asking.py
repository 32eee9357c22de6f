"""Questions to the person at the terminal, and secrets from standard input.

Secrets come from standard input or a hidden prompt, never from arguments, which every user of the machine can read.
"""

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
    """Whether standard input is a terminal, so that there is a person to ask."""
    return sys.stdin.isatty()


def text(question: str) -> str:
    """Asks the question and returns the answer, which is visible while it is typed."""
    with interruptible():
        answer: str = click.prompt(question, err=True)
    return answer


def agreed(question: str) -> bool:
    """Asks whether the person agrees; the default is no."""
    with interruptible():
        return click.confirm(question, err=True)


def secret(question: str) -> str:
    """Asks the question and returns the answer, which is hidden while it is typed."""
    with interruptible():
        answer: str = click.prompt(question, hide_input=True, err=True)
    return answer


def new_password() -> str:
    """Asks for a password twice, and again until both are the same."""
    while (password := secret("Password")) != secret("The same password again"):
        click.echo("The two passwords differ.", err=True)
    return password


def secret_on_input(name: str) -> str:
    """Returns the one line on standard input, or asks with a hidden prompt if that is a terminal."""
    return secret(name) if interactive() else line_on_input(name)


def line_on_input(name: str) -> str:
    """Returns the one line on standard input, without its line end.

    Raises ClickException unless it is one line of UTF-8 without NUL, and at most LIMIT bytes.
    """
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
    """Calls `attempt` with the answers, and returns its result.

    Asks for missing answers first, and again for those that Invalid complains about. Without a terminal, and for
    complaints about anything else, Invalid is raised.
    """
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
    """Lets SIGINT and SIGTERM end a prompt: the reactor handles them otherwise, and it cannot run during a prompt.

    A command has no other work meanwhile, so the reactor may wait.
    """
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

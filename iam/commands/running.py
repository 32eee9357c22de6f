"""Runs the reactor for the duration of one command."""

import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import click
from twisted.internet import reactor as process_reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ReactorNotRunning
from twisted.python.failure import Failure

from iam import settings as configuration
from iam.administration.administration import Administration
from iam.clock import Clock
from iam.commands.administering import build_administration
from iam.commands.afar.address import server
from iam.commands.options import CONFIG, DATA_DIR, DATABASE
from iam.database.errors import Unavailable
from iam.database.migration import MigrationError
from iam.embedded.cluster import Cluster
from iam.embedded.errors import EmbeddedError
from iam.reactor import Reactor
from iam.records.invalid import Invalid
from iam.secrets.master_key import ServerKeyError
from iam.server.opening import Progress, open_database
from iam.settings import Settings, SettingsError

EXPECTED = (EmbeddedError, Invalid, MigrationError, ServerKeyError, Unavailable)

HERE_ALONE: Final = (
    "This works on the database itself: run it on the machine of the server, without --server and IAM_SERVER."
)
CONNECTIONS: Final = 2  # for a command's statements, one of which may be slow

T = TypeVar("T")
Main = Callable[[Any], Coroutine[Any, Any, T]]  # takes the reactor


class Runner(Protocol):
    """Runs a coroutine on a reactor until it is done, while its caller waits."""

    def __call__(self, main: Main[T]) -> T:
        """Returns the result of `main`, or raises its exception."""


def read_settings() -> Settings:
    """Reads the settings from the options, the environment and the file of --config.

    Raises ClickException, also if a server is named, whose database is not ours to open.
    """
    if server() is not None:
        raise click.UsageError(HERE_ALONE)
    meta = click.get_current_context().meta
    told = {name: meta[key] for name, key in (("database", DATABASE), ("data_dir", DATA_DIR)) if key in meta}
    try:
        return configuration.read(told, meta.get(CONFIG))
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def run(work: Callable[[Administration], Coroutine[Any, Any, T]], *, make: bool = False) -> T:
    """Returns the result of `work` on the database of the command's settings.

    Raises ClickException if there is no database, unless `make` is set, which makes it.
    """
    settings = read_settings()
    if missing(settings) and not make:
        raise click.ClickException(
            f"There is no database in {settings.data_dir}. Check --data-dir; `twist iam` and `iam migrate` make one."
        )
    return react(partial(administer, settings=settings, work=work))


def missing(settings: Settings) -> bool:
    """Whether the settings name an embedded database that does not exist."""
    return settings.database is None and not Cluster(settings.data_dir).there


async def administer(
    reactor: Reactor, settings: Settings, work: Callable[[Administration], Coroutine[Any, Any, T]]
) -> T:
    """Opens the database as the server does, does the work, and closes it."""
    clock = Clock(reactor.seconds)
    foundation = await open_database(reactor, settings, clock, progress(), connections=CONNECTIONS)
    try:
        return await work(build_administration(reactor, settings, clock, foundation.store))
    finally:
        await foundation.close()


def react(main: Main[T]) -> T:
    """Runs `main` on the reactor and returns its result; EXPECTED errors become a sentence and exit status 1.

    If the command's context has a `Runner` as its `obj`, because a reactor runs already, that is used instead.
    """
    runner: Runner = click.get_current_context().obj or run_reactor
    try:
        return runner(main)
    except EXPECTED as error:
        raise click.ClickException(str(error)) from None
    except CancelledError:
        raise click.Abort from None


def run_reactor(main: Main[T]) -> T:
    """Runs the reactor of the process until `main` is done; a process can do so only once."""
    reactor: Reactor = process_reactor
    outcomes: list[T | Failure] = []

    def begin() -> None:
        done = Deferred.fromCoroutine(main(reactor)).addBoth(outcomes.append)
        reactor.addSystemEventTrigger("before", "shutdown", interrupt, done)
        done.addBoth(stop)

    def interrupt(done: Deferred[None]) -> Deferred[None]:
        done.cancel()  # Ctrl-C: everything open is closed before the reactor stops
        return done

    def stop(_: None) -> None:
        with suppress(ReactorNotRunning):
            reactor.stop()

    reactor.callWhenRunning(begin)
    reactor.run()
    return settled(outcomes[0])


def settled(outcome: T | Failure) -> T:
    """Returns the result, or raises its exception."""
    if isinstance(outcome, Failure):
        outcome.raiseException()
    return outcome


def progress() -> Progress:
    """Returns a function that reports progress on standard error if that is a terminal, or else nothing."""
    return partial(click.echo, err=True) if sys.stderr.isatty() else lambda _line: None

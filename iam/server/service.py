"""The service of `twist iam`: it starts and stops the server."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet import defer
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from iam.administration import attention
from iam.browser.logo import LogoError
from iam.browser.rehearsal import ThemeError
from iam.clock import Clock
from iam.database.addresses import target
from iam.database.errors import Misdirected, Rejected, Unavailable
from iam.database.migration import MigrationError
from iam.embedded.errors import EmbeddedError
from iam.http.site import Site
from iam.limits import within_descriptors
from iam.operations.back_channel_logout import BackChannelLogout
from iam.operations.outgoing_mail import OutgoingMail
from iam.operations.retention import Retention, tasks
from iam.people.setup import setup_link
from iam.protocol import library
from iam.protocol.library import LibraryError
from iam.reactor import Reactor
from iam.secrets import master_key
from iam.secrets.master_key import ServerKey, ServerKeyError
from iam.secrets.signing_keys import Keys
from iam.server.application import Application
from iam.server.completion import complete, pieces
from iam.server.listen import ListenError, describe, listen, sockets
from iam.server.opening import Foundation, open_database
from iam.server.options import USAGE_STATUS, Options, refuse
from iam.server.own_clients import register_command_line
from iam.server.own_resources import register_api, register_own_resource
from iam.server.parts import build_keys
from iam.server.patience import CUSTOMARY, Patience
from iam.server.service_manager import READY, STOPPING, longer, notify
from iam.server.site import build_site
from iam.server.terminal import Screen
from iam.settings import Settings
from iam.store.store import Store

__all__ = ["Options", "makeService"]

log = Logger()

MORE: Final = 60.0  # seconds that we ask of a service manager for the rest of the start
NO_COMMAND_LINE: Final = (
    "The client iam-cli was made by hand, so that nobody can log in by `iam login`. "
    "Make another client in its place, delete it, and start again."
)
ADVISED: Final = 15  # characters of a password that is the only factor (NIST SP 800-63B-4 §3.1.1.2)
PATIENCE: Final = 1.0  # seconds at shutdown for work that is useful, but not needed

WEARING = (LogoError, ThemeError)
EXPECTED = (EmbeddedError, LibraryError, ListenError, MigrationError, ServerKeyError, Unavailable, *WEARING)


class AuthorizationServer(Service):
    """Starts key, database and HTTP in this order, reports that it is ready, and stops in the opposite order."""

    def __init__(
        self, reactor: Reactor, settings: Settings, *, at_terminal: bool = False, debugging: bool = True
    ) -> None:
        self._reactor = reactor
        self._settings = settings
        self._at_terminal = at_terminal
        self._debugging = debugging
        self._screen = Screen(sys.__stderr__)  # twist redirects sys.stderr to the log
        self._clock = Clock(reactor.seconds)
        self._foundation: Foundation | None = None
        self._site: Site | None = None
        self._retention: Retention | None = None
        self._back_channel: BackChannelLogout | None = None
        self._outgoing_mail: OutgoingMail | None = None
        self._ports: list[Any] = []
        self._starting: Deferred[None] | None = None
        self._completing: Deferred[None] | None = None
        self._status = 0

    def startService(self) -> None:
        """Starts as soon as the reactor runs."""
        super().startService()
        self._reactor.callWhenRunning(self._begin)
        self._reactor.addSystemEventTrigger("after", "shutdown", self._exit)

    def stopService(self) -> Deferred[None]:
        """Stops accepting connections, finishes requests under way, and closes the database."""
        super().stopService()
        notify(STOPPING)
        return Deferred.fromCoroutine(self._stop())

    def _begin(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._terminate)
        self._starting = Deferred.fromCoroutine(self._start())

    def _terminate(self, number: int, _frame: object) -> None:
        """Stops at the first signal, after the requests under way, with exit status 0; a second signal ends the process at once."""
        signal.signal(number, signal.SIG_DFL)
        self._reactor.callFromThread(self._reactor.stop)

    async def _start(self) -> None:
        """Opens everything; after an error says so, and ends the process with its exit status."""
        try:
            await self._open()
        except CancelledError:
            log.info("Stopped during the start.")
        except Misdirected as error:
            self._fail(str(error), USAGE_STATUS)
        except EXPECTED as error:
            self._fail(str(error))
        except Exception:  # noqa: BLE001 - any other error would go unseen
            log.failure("The server cannot start.")
            self._fail("The server cannot start; the log says why.")

    async def _open(self) -> None:
        """Opens key, database, listening ports and background work, in this order, and reports that the server is ready."""
        settings = self._settings
        library.check()
        key = master_key.read_or_make(settings.data_dir, secret_text(settings))
        patience = Patience(self._reactor, seconds_to_wait(settings, at_terminal=self._screen.terminal), self._tell)
        foundation, keys = await patience.with_(partial(self._found, key, patience.relieve))
        self._foundation = foundation
        store = foundation.store
        application = Application(self._reactor, settings, self._clock, store, key, keys)
        self._site = build_site(application, within_descriptors(settings.limits))
        self._site.talkative, self._site.debugging = self._at_terminal, self._debugging
        self._ports = await listen(self._reactor, settings, self._site)
        self._retention = Retention(self._reactor, tasks(store, keys), self._clock)
        self._retention.start()
        self._back_channel = application.back_channel
        self._back_channel.start()
        self._outgoing_mail = application.outgoing_mail
        self._outgoing_mail.start()
        for line in sockets(settings, self._ports):
            self._screen.progress(line)
        await greet(self._screen, settings, foundation, self._clock)
        notify(READY, "STATUS=")
        self._completing = Deferred.fromCoroutine(complete(self._reactor, pieces(self._site, application.theme)))

    async def _found(self, key: ServerKey, reached: Callable[[], None]) -> tuple[Foundation, Keys]:
        """Opens the database and fills in keys and our own resources; after an error, closes it again."""
        foundation = await open_database(self._reactor, self._settings, self._clock, self._screen.progress, reached)
        try:
            foundation.heed_disk()
            store = foundation.store
            keys = build_keys(self._reactor, self._clock, store, key)
            await keys.tend()
            await self._miss_scopes(store)
            await self._note_scopes(store)
            await register_own_resource(store, self._settings, self._clock)
            await register_api(store, self._settings, self._clock)
            if not await register_command_line(store, self._clock):
                self._screen.say(NO_COMMAND_LINE)
            await store.service.note(self._settings.issuer, self._clock.now())
        except BaseException:
            await foundation.close()
            raise
        return foundation, keys

    def _tell(self, line: str, left: float) -> None:
        """Reports the wait, and asks the service manager for as much more time."""
        self._screen.say(line)
        notify(f"STATUS={line}", longer(left + MORE))

    async def _miss_scopes(self, store: Store) -> None:
        """Logs which scopes of the options are unknown or restricted: clients would not get them, silently."""
        known = {scope.name: scope for scope in await store.scopes.all()}
        for option in ("registration_scope", "application_scope"):
            for name in getattr(self._settings, option) if option in self._settings.model_fields_set else ():
                if name not in known:
                    log.warn("--{option}: there is no scope {name} yet", option=option.replace("_", "-"), name=name)
                elif known[name].restricted:
                    log.warn("--{option}: {name} is restricted", option=option.replace("_", "-"), name=name)

    async def _note_scopes(self, store: Store) -> None:
        """Says which scopes were made by hand under the names of those that follow from groups and roles."""
        for concern in attention.of_scopes(await store.scopes.by_name()):
            self._screen.say(f"{concern.sentence} {concern.remedy}")

    async def _note_uses(self, store: Store) -> None:
        """Stores what was used since the last round, if the database takes it within PATIENCE seconds."""
        written = Deferred.fromCoroutine(self._write_uses(store))
        with suppress(Rejected, Unavailable, defer.TimeoutError):
            await written.addTimeout(PATIENCE, self._reactor)

    async def _write_uses(self, store: Store) -> None:
        """Stores which clients and consents were used since the last round."""
        await store.strangers.write_all(self._clock.now())
        await store.consent_uses.write_all(self._clock.now())

    async def _stop(self) -> None:
        """Stops in the opposite order of the start: ports, requests under way, background work, database."""
        if self._starting is not None:
            self._starting.cancel()  # the start closes what it has opened so far
            await self._starting
        if self._completing is not None:
            self._completing.cancel()
        for port in self._ports:
            await port.stopListening()
        if self._site is not None:
            await self._site.drain()
        if self._retention is not None:
            self._retention.stop()
        if self._back_channel is not None:
            await self._back_channel.stop()
        if self._outgoing_mail is not None:
            await self._outgoing_mail.stop()
        if self._foundation is not None:
            await self._note_uses(self._foundation.store)
            await self._foundation.close()

    def _fail(self, sentence: str, status: int = 1) -> None:
        self._status = status
        self._screen.say(f"iam: {sentence}")
        notify(f"STATUS={sentence}")
        self._reactor.stop()

    def _exit(self) -> None:
        """Exits with the status of a failed start, which `twist` itself cannot report."""
        if self._status:
            sys.stdout.flush()
            os._exit(self._status)


def makeService(options: Options) -> AuthorizationServer:
    """Makes the service of `twist iam`; only here the global reactor is imported."""
    from twisted.internet import reactor

    try:
        describe(reactor, options.settings)
        if options.settings.database is not None:
            target(options.settings.database)
    except (ListenError, Misdirected) as error:
        refuse(str(error))
    return AuthorizationServer(reactor, options.settings, at_terminal=options.at_terminal, debugging=options.debugging)


def seconds_to_wait(settings: Settings, *, at_terminal: bool) -> float:
    """Returns how many seconds to wait for a database that does not answer yet: 0 for our own, and for a person at a terminal."""
    if settings.database is None:
        return 0
    if settings.wait_for_database is not None:
        return settings.wait_for_database
    return 0 if at_terminal else CUSTOMARY


def secret_text(settings: Settings) -> str | None:
    """Returns the text of IAM_SECRET_KEY, or None."""
    return settings.secret_key.get_secret_value() if settings.secret_key else None


async def invitation(settings: Settings, store: Store, clock: Clock) -> list[str]:
    """Returns the lines that say how to make an administrator, if there is none."""
    try:
        if await store.users.superuser_exists():
            return []
    except Unavailable:  # the database was there a moment ago; the server starts without the lines
        return []
    try:
        link = await setup_link(store.setup, settings.issuer, clock)
    except Unavailable:  # the database cannot be written to: a full disk, or a standby
        link = None
    if link is None:
        return ["There is no administrator. Make one with `iam createsuperuser`."]
    return [
        "There is no administrator yet. Make one with `iam createsuperuser`, or once, within a day, at",
        "  " + link,
    ]


async def greet(screen: Screen, settings: Settings, foundation: Foundation, clock: Clock) -> None:
    """Tells the person warnings, how to make an administrator, and the address of the server."""
    if settings.no_rate_limits:
        screen.say("WARNING: rate limits are off; never do this where others can reach the server.")
    if not settings.secure:
        screen.say("The public address is not https, so cookies are not Secure: for this machine only.")
    if settings.password_length < ADVISED:
        log.info(
            "Passwords of {length} characters are accepted. Where people have no second factor, NIST SP 800-63B-4 asks for "
            "{advised}: --password-length {advised}.",
            length=settings.password_length,
            advised=ADVISED,
        )
    if settings.smtp is None:
        screen.say(f"There is no --smtp, so mail is written into files, in {settings.mail_dir}.")
    log.info("ready: {address}", address=settings.issuer)
    screen.ready(settings.issuer, await invitation(settings, foundation.store, clock))

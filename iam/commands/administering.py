"""Builds `Administration`, which commands use, from the settings: their database and their server key."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from twisted.internet.threads import deferToThread

from iam.administration.administration import Administration
from iam.clock import Clock
from iam.people.passwords import Passwords
from iam.people.people import People
from iam.reactor import Reactor
from iam.secrets import master_key
from iam.secrets.master_key import ServerKey, ServerKeyError
from iam.settings import Settings
from iam.store.store import Store

if TYPE_CHECKING:
    from iam.clients.registration import Registration
    from iam.secrets.signing_keys import Keys


def build_administration(reactor: Reactor, settings: Settings, clock: Clock, store: Store) -> Administration:
    """Builds the administration of this store; the server key is read only when it is needed."""
    key = partial(read_server_key, settings)
    people = People(
        store.users,
        Passwords(reactor, shortest=settings.password_length),
        clock,
        f"{settings.brand.name} {settings.issuer_host}",
    )
    rules = partial(build_registration, reactor, settings, clock, store, key)
    keys, seal = partial(build_keys, clock, store, key), partial(seal_link, key)
    return Administration(store, clock, settings, people, rules, keys, seal)


def seal_link(key: Callable[[], ServerKey], link: str) -> bytes:
    """Encrypts a link for the mail that it goes into. Raises ServerKeyError if the server key cannot be read or made."""
    from iam.people.mail import PURPOSE, Mails

    return Mails(key().derive(PURPOSE)).seal(link)


def build_registration(
    reactor: Reactor, settings: Settings, clock: Clock, store: Store, key: Callable[[], ServerKey]
) -> "Registration":
    """Builds the rules for clients."""
    from iam.clients.registration import Registration
    from iam.clients.secrets import ClientSecrets
    from iam.outbound.fetching import Fetcher

    fetcher = Fetcher(reactor, clock, settings.allow_fetch)
    return Registration(
        store.clients,
        store.scopes,
        clock,
        ClientSecrets(key),
        fetcher,
        private=bool(settings.allow_fetch),
        implicit=settings.implicit,
        profile=settings.profile,
    )


def build_keys(clock: Clock, store: Store, key: Callable[[], ServerKey]) -> "Keys":
    """Builds the server's keys. Raises ServerKeyError if the server key cannot be read or made."""
    from iam.secrets import signing_keys

    return signing_keys.Keys(store.signing_keys, key().derive(signing_keys.PURPOSE), clock, deferToThread)


def read_server_key(settings: Settings) -> ServerKey:
    """Reads the server key, or makes it in an existing data directory; else raises ServerKeyError."""
    text = settings.secret_key.get_secret_value() if settings.secret_key else None
    if text is None and not settings.data_dir.is_dir():
        raise ServerKeyError(
            f"There is no data directory {settings.data_dir}, where the server's secret key is: "
            "check --data-dir, or give IAM_SECRET_KEY."
        )
    return master_key.read_or_make(settings.data_dir, text)

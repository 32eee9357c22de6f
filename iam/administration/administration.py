"""What the actions of administration work on."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from iam.clock import Clock
from iam.people.people import People
from iam.settings import Settings
from iam.store.store import Store

if TYPE_CHECKING:  # what signs, and what asks other servers, is slow to import: only actions that need it do so
    from iam.clients.registration import Registration
    from iam.secrets.signing_keys import Keys


@frozen
class Administration:
    """The store, the time, and who knows the rules for people, clients and keys.

    `keys` asks for the server key, which only some actions need; raises ServerKeyError where there is none.
    """

    store: Store
    clock: Clock
    settings: Settings
    people: People
    registration: "Callable[[], Registration]"
    keys: "Callable[[], Keys]"

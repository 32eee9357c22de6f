"""What the actions of administration work on."""

from collections.abc import Callable

from attrs import frozen

from iam.clients.registration import Registration
from iam.clock import Clock
from iam.people.people import People
from iam.secrets.signing_keys import Keys
from iam.settings import Settings
from iam.store.store import Store


@frozen
class Administration:
    """The store, the time, and who knows the rules for people, clients and keys.

    `keys` asks for the server key, which only some actions need; raises ServerKeyError where there is none.
    """

    store: Store
    clock: Clock
    settings: Settings
    people: People
    registration: Registration
    keys: Callable[[], Keys]

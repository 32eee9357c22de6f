"""The services that the actions of administration use."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from iam.clock import Clock
from iam.people.people import People
from iam.settings import Settings
from iam.store.store import Store

if TYPE_CHECKING:  # slow to import: loaded only by actions that need them
    from iam.clients.registration import Registration
    from iam.secrets.signing_keys import Keys


@frozen
class Administration:
    """The store, the clock, the settings, and the rules for people, clients and keys.

    `registration` and `keys` build theirs when called. `keys`, and `seal`, which encrypts a link for the mail that it
    goes into, need the server key, which only some actions use; they raise ServerKeyError if the key cannot be read or
    made.
    """

    store: Store
    clock: Clock
    settings: Settings
    people: People
    registration: "Callable[[], Registration]"
    keys: "Callable[[], Keys]"
    seal: Callable[[str], bytes]

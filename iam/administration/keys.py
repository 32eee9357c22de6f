"""The server's keys: rotated and retired by hand; the servers otherwise do it by themselves."""

from datetime import datetime

from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section
from iam.records.actor import By
from iam.records.invalid import Invalid, Missing
from iam.records.signing_key import SigningKey
from iam.secrets.signing_keys import KINDS

PUBLISHED, ACTIVE, RETIRED, REMOVED = "published", "active", "retired", "removed"


async def list_states(on: Administration) -> list[tuple[SigningKey, str]]:
    """Returns every key with its state: published (will sign), active (signs), retired (only verifies), removed."""
    now = on.clock.now()
    keys = await on.store.signing_keys.all()
    return [(key, tell_state(key, keys, now)) for key in keys]


async def rotate(on: Administration, alg: str | None, by: By, *, at_once: bool = False) -> list[tuple[SigningKey, str]]:
    """Publishes a new key of this algorithm, or of each if None; it signs in a day, or at once.

    Returns the new keys with their states; none if another server published one at the same moment. Raises Invalid for
    an unknown algorithm, and ServerKeyError.
    """
    if alg is not None and alg not in KINDS:
        raise Invalid({"alg": f"Choose one of {', '.join(KINDS)}."})
    keys = on.keys()
    added = [await keys.rotate(each, by, at_once=at_once) for each in ([alg] if alg else KINDS)]
    kids = {key.kid for key in added if key}
    return [(key, word) for key, word in await list_states(on) if key.kid in kids]


async def count_losses(on: Administration, kid: str) -> Losses | None:
    """Says what the key was used for; None if there is no such key, or it was removed already."""
    for key, word in await list_states(on):
        if key.kid == kid and word != REMOVED:
            lost = Section(f"Everything signed with or encrypted to this {word} key of {key.alg} becomes worthless.")
            return Losses(f"Retire the key {kid}, for good?", [lost])
    return None


async def retire(on: Administration, kid: str, by: By) -> str:
    """Ends the trust in a key at once; returns its algorithm. Raises ServerKeyError, and Invalid if there is no key.

    If no other key of this algorithm is active, a new one takes its place.
    """
    alg = await on.keys().retire(kid, by)
    if alg is None:
        raise Missing({"kid": f"There is no key {kid}, or it is removed already."})
    return alg


def tell_state(key: SigningKey, keys: tuple[SigningKey, ...], now: datetime) -> str:
    """Returns the state of a key: PUBLISHED, ACTIVE, RETIRED or REMOVED."""
    if not key.trusted(now):
        return REMOVED
    if not key.active(now):
        return PUBLISHED
    newer = any(other.alg == key.alg and other.generation > key.generation and other.active(now) for other in keys)
    return RETIRED if newer else ACTIVE

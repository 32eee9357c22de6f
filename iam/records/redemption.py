"""What became of a code."""

from uuid import UUID

from attrs import frozen

from iam.records.identity import Identity
from iam.records.token import Issued


@frozen
class Redemption:
    """What became of a code: `outcome` is "redeemed", and the access token `issued`, or it says what was wrong.

    `identity` is whom an ID token is about, if there is to be one.
    """

    outcome: str
    grant_id: UUID | None = None
    issued: Issued | None = None
    identity: Identity | None = None

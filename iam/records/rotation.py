"""What became of a refresh token."""

from uuid import UUID

from attrs import frozen

from iam.records.identity import Identity
from iam.records.token import Issued, LiveToken


@frozen
class Rotation:
    """What became of a refresh token.

    `outcome` is "rotated" or "renewed", and the access token `issued`, or "retried" (`successor` then holds the tokens given
    first), or it says what was wrong. `identity` is whom an ID token is about, if there is to be one.
    """

    outcome: str
    grant_id: UUID | None = None
    successor: bytes | None = None
    issued: Issued | LiveToken | None = None
    identity: Identity | None = None

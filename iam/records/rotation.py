"""The result of using a refresh token."""

from uuid import UUID

from attrs import frozen

from iam.records.identity import Identity
from iam.records.token import Issued, LiveToken


@frozen
class Rotation:
    """The result of using a refresh token.

    `outcome` is "rotated" or "renewed", with the access token `issued`, or "retried" (`successor` then holds the tokens given
    first), or says what was wrong. `identity` is the login that the ID token is about, if one is to be issued.
    """

    outcome: str
    grant_id: UUID | None = None
    successor: bytes | None = None
    issued: Issued | LiveToken | None = None
    identity: Identity | None = None

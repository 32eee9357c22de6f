"""The result of redeeming an authorization code."""

from uuid import UUID

from attrs import frozen

from iam.records.identity import Identity
from iam.records.token import Issued


@frozen
class Redemption:
    """The result of redeeming a code: `outcome` is "redeemed", with the access token `issued`, or says what was wrong.

    `identity` is the login that the ID token is about, if one is to be issued.
    """

    outcome: str
    grant_id: UUID | None = None
    issued: Issued | None = None
    identity: Identity | None = None

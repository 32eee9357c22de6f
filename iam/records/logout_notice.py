"""The notice to a client that a session has ended (OpenID Connect Back-Channel Logout)."""

from uuid import UUID

from attrs import frozen


@frozen
class Notice:
    """A notice that this client is to receive about the end of a person's session; `attempt` counts from 1."""

    id: UUID
    client_id: str
    user_id: UUID
    session_id: UUID
    attempt: int

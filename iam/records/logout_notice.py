"""A relying party that is to be told of the end of a session."""

from uuid import UUID

from attrs import frozen


@frozen
class Notice:
    """A client is to be told that this session of this person has ended; it is the attempt of this number."""

    id: UUID
    client_id: str
    user_id: UUID
    session_id: UUID
    attempt: int

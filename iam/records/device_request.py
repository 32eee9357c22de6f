"""What a device asks for until somebody decides (RFC 8628)."""

from collections.abc import Sequence
from datetime import date, datetime

from attrs import frozen


@frozen
class DeviceRequest:
    """A device authorization request: what a client asks for by a device, from which address, and when it ends.

    `digest` and `day` are those of the device code, `user_agent` is how the device names itself.
    """

    digest: bytes
    day: date
    client_id: str
    scope: str
    resources: Sequence[str]
    address: str | None
    user_agent: str | None
    asked_at: datetime
    expires_at: datetime

"""The scopes that this server gives a meaning to (RFC 6749 §3.3, OpenID Connect Core §5.4)."""

from collections.abc import Sequence
from typing import Final

DEFAULT: Final = ("read", "write")


def distinct(names: Sequence[str] | None) -> list[str]:
    """Returns each scope once, in the order requested."""
    return list(dict.fromkeys(name for name in names or () if name))


OPENID: Final = "openid"

OFFLINE_ACCESS: Final = "offline_access"

ADMINISTRATION: Final = "iam:"  # scopes of this server's own administration begin with it

OF_OPENID: Final = frozenset(
    {OPENID, "profile", "email", "address", "phone", OFFLINE_ACCESS}
)  # granted only on request (G21)

"""The login that a grant was given in, kept for ID tokens (OpenID Connect Core §2)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from iam.records.identity import Identity


def identity(user_id: UUID | None, session_id: UUID | None, told: Mapping[str, Any] | None) -> Identity | None:
    """Returns the login that a grant was given in; None if the grant keeps none."""
    if user_id is None or session_id is None or told is None:
        return None
    return Identity(user_id, session_id, told)

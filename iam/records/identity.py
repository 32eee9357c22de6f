"""The login that a grant was given in, kept for its ID tokens (OpenID Connect Core §2)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from attrs import frozen


@frozen
class Identity:
    """Who logged in, in which session, and what ID tokens say about that login; `iam.openid.login_facts` writes `told`."""

    user_id: UUID
    session_id: UUID
    told: Mapping[str, Any]

"""What is claimed at once is what the statement that judges everything would have given (docs/decisions/claims.md)."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from iam.records.redemption import Redemption
from iam.records.rotation import Rotation
from iam.secrets import minted
from iam.store.authorization_codes import Redeem
from iam.store.refresh_tokens import Rotate
from tests.flows.test_scopes_at_resources import MCP, PERSONAL, tools
from tests.harness import CHALLENGE, REDIRECT_URI, App, Server

ALL = (*PERSONAL, "read", "tools:use")
GRANTED = "openid offline_access read tools:use"

# The resource of the grant, and that of the request; the scopes that a refresh asks for; those that its client may still
# ask for; whether it is claimed at once.
CASES = [
    (None, None, None, ALL, True),
    (None, None, "read openid", ALL, True),
    (None, None, "read write", ALL, False),
    (None, None, None, ("openid", "read"), False),
    (None, None, None, (), False),
    (None, MCP, None, ALL, False),
    (MCP, None, None, ALL, True),
    (MCP, MCP, None, ALL, True),
    (MCP, MCP, "tools:use", ALL, True),
    (MCP, MCP, "read", ALL, False),
    (MCP, MCP, None, ("openid",), False),
    (MCP, "https://other.example", None, ALL, False),
]


def presented(app: App, secret: str, now: datetime, told: dict[str, Any]) -> dict[str, Any]:
    """A code or refresh token that the client presents, and tokens to be given for it."""
    return {
        "digest": minted.digest(secret),
        "day": minted.day_of(secret),
        "client_id": app.client_id,
        "now": now,
        "access_digest": os.urandom(32),
        "access_day": now.date() + timedelta(days=1),
        "access_lifetime": 600,
        "refresh_digest": os.urandom(32),
        "refresh_day": now.date() + timedelta(days=30),
        "refresh_expires_at": now + timedelta(days=30),
        **told,
    }


def terms(outcome: Rotation | Redemption) -> Rotation | Redemption:
    """Leave out the grant and its session, which each of two has of its own."""
    identity = outcome.identity and evolve(outcome.identity, session_id=UUID(int=0))
    return evolve(outcome, grant_id=None, identity=identity)


@pytest.mark.parametrize(("granted", "resource", "scope", "scopes", "claimed"), CASES)
async def test_a_refresh_token_is_worth_the_same_either_way(
    server: Server, granted: str | None, resource: str | None, scope: str | None, scopes: Sequence[str], claimed: bool
) -> None:
    app, person, tokens = await tools(server), await server.person(), server.store.refresh_tokens
    told = {"scope": scope, "audience": [resource] if resource else [], "client_scopes": scopes, "window_start": None}
    given = [await server.tokens(app, person, scope=GRANTED, resource=granted) for _ in range(3)]
    now = server.now()
    ways = [Rotate(**presented(app, each["refresh_token"], now, {**told, "successor": b"sealed"})) for each in given]

    rotated, judged = await tokens.rotate(ways[0]), await tokens._judge(ways[1])

    assert terms(rotated) == terms(judged)
    assert (await tokens._claim(ways[2]) is not None) == claimed


@pytest.mark.parametrize(("granted", "resource", "scope", "scopes", "claimed"), CASES)
async def test_a_code_is_worth_the_same_either_way(
    server: Server, granted: str | None, resource: str | None, scope: str | None, scopes: Sequence[str], claimed: bool
) -> None:
    app, person, codes = await tools(server), await server.person(), server.store.authorization_codes
    told = {
        "redirect_uri": REDIRECT_URI,
        "code_challenge": CHALLENGE,
        "audience": [resource] if resource else [],
        "client_scopes": scopes,
    }
    given = [await server.code(app, person, scope=GRANTED, resource=granted) for _ in range(3)]
    now = server.now()
    ways = [Redeem(**presented(app, code, now, told)) for code in given]

    redeemed, judged = await codes.redeem(ways[0]), await codes._judge(ways[1])

    assert terms(redeemed) == terms(judged)
    assert (await codes._claim(ways[2]) is not None) == (claimed or scope is not None)

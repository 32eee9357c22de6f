"""Initial access tokens (RFC 7591 §1.2), which allow their bearers to register clients."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section
from iam.oauth.scopes import ADMINISTRATION
from iam.records.actor import By
from iam.records.invalid import Missing, complain
from iam.records.registration import RegistrationToken
from iam.secrets import minted
from iam.secrets.minted import Kind

MOST_USES: Final = 1_000_000


async def create(
    on: Administration, scopes: Sequence[str], uses: int | None, expires_at: datetime | None, by: By
) -> tuple[RegistrationToken, str]:
    """Creates an initial access token; returns it and its text, which is not stored and so cannot be shown again.

    It registers `uses` clients (None: any number) until `expires_at` (None: for ever), which may ask for these scopes
    besides those of OpenID Connect. Raises Invalid.
    """
    now = on.clock.now()
    complain(
        uses=None if uses is None or 1 <= uses <= MOST_USES else f"It is good for 1 to {MOST_USES} clients.",
        expires_at="The moment when it is to expire is over." if expires_at is not None and expires_at <= now else None,
        scopes=await scopes_complaint(on, scopes),
    )
    token_id, text = minted.identifier(), minted.mint(Kind.INITIAL_ACCESS_TOKEN)
    await on.store.registrations.create_token(
        token_id, minted.digest(text), scopes=scopes, uses=uses, expires_at=expires_at, now=now, by=by
    )
    return RegistrationToken(token_id, tuple(scopes), uses, now, expires_at, None), text


async def count_losses(on: Administration, token_id: UUID) -> Losses | None:
    """Says how many more clients could be registered with it; None if there is none or it is no longer good."""
    token = await on.store.registrations.token_by_id(token_id)
    if token is None or not token.good(on.clock.now()):
        return None
    left = "any number of" if token.uses_left is None else str(token.uses_left)
    lost = Section(f"With it {left} clients more could be registered.")
    return Losses(f"Revoke the initial access token {token_id}?", [lost])


async def revoke(on: Administration, token_id: UUID, by: By) -> None:
    """Revokes a token; the clients registered with it stay. Raises Invalid if there is none or it is revoked."""
    if not await on.store.registrations.revoke_token(token_id, on.clock.now(), by):
        sentence = f"There is no initial access token {token_id}, or it has been revoked already."
        raise Missing({"registration_token": sentence})


async def scopes_complaint(on: Administration, names: Sequence[str]) -> str | None:
    """Returns the complaint about a scope that does not exist or cannot be offered, or None."""
    if given := [name for name in names if name.startswith(ADMINISTRATION)]:
        return f"Clients that register themselves cannot have {given[0]}."
    known = {scope.name for scope in await on.store.scopes.all()}
    strange = [name for name in names if name not in known]
    return f"There is no scope {strange[0]}." if strange else None

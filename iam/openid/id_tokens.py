"""ID tokens (OpenID Connect Core §2), which tell one client who logged in."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from iam.openid import claims
from iam.openid.memberships import Memberships
from iam.openid.subjects import Subjects
from iam.records.client import Client
from iam.records.identity import Identity
from iam.secrets import minted
from iam.secrets.signing_keys import Keys
from iam.service import service
from iam.store.scopes import Scopes
from iam.store.users import Users

TYPE: Final = "JWT"
LIFETIME: Final = 3600  # seconds within which a client must accept it

# at_hash and c_hash use the hash algorithm of the signature (Core §3.1.3.6), which is SHA-512 for Ed25519.
HASHES: Final = {
    "ES256": hashlib.sha256,
    "RS256": hashlib.sha256,
    "PS256": hashlib.sha256,
    "EdDSA": hashlib.sha512,
    "Ed25519": hashlib.sha512,  # RFC 9864
}


@service
class IDTokens:
    """Makes and verifies ID tokens."""

    keys: Keys
    subjects: Subjects
    users: Users
    scopes: Scopes
    memberships: Memberships
    issuer: str

    async def issue(
        self,
        client: Client,
        identity: Identity,
        now: datetime,
        *,
        access_token: str | None = None,
        code: str | None = None,
        scopes: Collection[str] = (),
        with_nonce: bool = True,
    ) -> str:
        """Returns the ID token about this login, signed by the client's algorithm.

        It has the claims requested by name, those of `scopes`, and the hashes of the access token and the code given.
        One issued on a refresh has no nonce, since it answers no authorization request (Core §12.2).
        """
        alg = client.id_token_signed_response_alg
        told = dict(identity.told)
        requested = told.pop("claims", {})
        if not with_nonce:
            told.pop("nonce", None)
        issued_at = int(now.timestamp())
        document = {
            **await self._find_requested(client, identity, requested, scopes),
            "iss": self.issuer,
            "sub": self.subjects.sub(client, identity.user_id),
            "aud": client.id,
            "exp": issued_at + LIFETIME,
            "iat": issued_at,
            "sid": self.subjects.sid(client, identity.session_id),
            **told,
        }
        if access_token is not None:
            document["at_hash"] = half_hash(alg, access_token)
        if code is not None:
            document["c_hash"] = half_hash(alg, code)
        return await self.keys.signed(alg, TYPE, document)

    async def subject(self, token: str, client: Client) -> str | None:
        """Returns the subject of an ID token that was issued to this client, expired or not; None for any other text.

        It is for id_token_hint (Core §3.1.2.1, H28).
        """
        told = await self.keys.verified(token, TYPE)
        if told is None or (told.get("iss"), told.get("aud")) != (self.issuer, client.id):
            return None
        sub = told.get("sub")
        return sub if isinstance(sub, str) else None

    async def _find_requested(
        self, client: Client, identity: Identity, requested: Mapping[str, object], scopes: Collection[str]
    ) -> dict[str, object]:
        """Returns the claims for the ID token, as far as the client may know them."""
        asked = claims.list_asked(requested, claims.ID_TOKEN).keys()
        known = await self.scopes.all() if asked or scopes else ()
        allowed = claims.names(known, scopes) | (asked & claims.names(known, client.scopes))
        user = await self.users.by_id(identity.user_id) if allowed else None
        if user is None:
            return {}
        derived = claims.list_derived(known, scopes) | (asked & claims.list_derived(known, client.scopes))
        return claims.tell(user, allowed) | await self.memberships.tell(client, user.id, derived)


def half_hash(alg: str, text: str) -> str:
    """Returns the left half of the text's hash in base64url, for at_hash and c_hash (Core §3.1.3.6, §3.3.2.11)."""
    octets = HASHES[alg](text.encode()).digest()
    return minted.base64url(octets[: len(octets) // 2])

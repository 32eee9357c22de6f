"""The server's keys and their lives (H27): made, published ahead of use, active, replaced, removed.

Some of them sign; clients encrypt to the others.
"""

import json
import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, extract_compact
from twisted.logger import Logger

from iam.clock import Clock
from iam.reactor import InThread
from iam.records.actor import SERVER, By
from iam.records.signing_key import SigningKey
from iam.secrets import jwe, minted

SIGNING: Final = ("ES256", "RS256", "PS256", "EdDSA")  # kinds of keys that we sign with
EDDSA: Final = "EdDSA"
# RFC 9864 names the curve in the algorithm: the same key, and the same signature, by another name.
ED25519: Final = "Ed25519"
ALGORITHMS: Final = (*SIGNING, ED25519)  # we sign with
DECRYPTION: Final[
    Mapping[str, tuple[str, ...]]
] = {  # a kind of key, by the first of the algorithms that it is good for
    "RSA-OAEP": jwe.RSA_ALGORITHMS,
    "ECDH-ES": jwe.EC_ALGORITHMS,
}
KINDS: Final = (*SIGNING, *DECRYPTION)
NONCE: Final = 12  # bytes
PURPOSE: Final = "signing keys"

MAXIMUM_AGE: Final = 3600  # seconds that clients may cache the key set
AHEAD: Final = timedelta(days=1)  # a key is published before it signs
PERIOD: Final = timedelta(days=90)  # that a key signs
# A key stays published so long after its last signature: longer than anything signed is of use. Access tokens live for an hour, but
# an ID token asks for the logout of its session (id_token_hint) for as long as that lasts, a month where people want it.
AFTERWARDS: Final = timedelta(days=32)
# RFC 9864 prefers the name Ed25519, which not all relying parties know yet.
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)

JSON: Final = json.JSONEncoder(separators=(",", ":"))
LONGEST: Final = 8192  # characters of a JWT (H28)
FOREIGN: Final = frozenset(
    {"jwk", "jku", "x5u", "x5c", "crit"}
)  # header parameters that name foreign keys, or rules that we do not know

log = Logger()

Pair = ECKey | OKPKey | RSAKey


class Table(Protocol):
    """The table that keeps the keys."""

    async def all(self) -> tuple[SigningKey, ...]:
        """Returns every key, by algorithm and generation."""

    async def shown(self) -> tuple[SigningKey, ...]:
        """Returns every key as it was last read, even if the database is away: for the key set alone."""

    async def add(self, key: SigningKey, before_removed_at: datetime, by: By) -> bool:
        """Stores a key; False if another server has already made this generation."""

    async def remove(self, kid: str, now: datetime, by: By) -> str | None:
        """Ends the trust in a key; returns its algorithm, or None if there is no such key."""


class Keys:
    """The keys of this service; `seal` is the 32-byte key, kept outside the database, that encrypts their private halves.

    RSA takes long and is computed `in_thread`, so that the reactor goes on: docs/decisions/signing.md.
    """

    def __init__(self, table: Table, seal: bytes, clock: Clock, in_thread: InThread) -> None:
        self._table = table
        self._cipher = AESGCM(seal)
        self._clock = clock
        self._in_thread = in_thread
        self._opened: dict[str, Pair] = {}
        self._registry = JWSRegistry(algorithms=list(ALGORITHMS))

    async def published(self) -> dict[str, list[Mapping[str, object]]]:
        """Returns the public key set (RFC 7517 §5): for each algorithm the keys that sign, will sign and have signed.

        Of the keys to encrypt to only the newest is shown; older ones still decrypt, for clients that cached the key set.
        """
        now = self._clock.now()
        keys = await self._table.shown()
        return {"keys": [of_any_name(key.public_key) for key in keys if key.trusted(now) and shown(key, keys, now)]}

    async def signed(self, alg: str, typ: str | None, claims: Mapping[str, object]) -> str:
        """Signs a JWT (RFC 7519) with the newest active key of this algorithm; raises LookupError if there is none."""
        key = await self._signing(alg)
        text = f"{header_part(alg, typ, key.kid)}.{part(claims)}"
        signature: bytes = await self._done(self._private(key), sign, self._registry.get_alg(alg).sign, text)
        return f"{text}.{minted.base64url(signature)}"

    async def verified(self, token: str, typ: str, *, ever: bool = False) -> Mapping[str, Any] | None:
        """Returns the claims of a JWT of this type that we signed, expired or not; None for any other text (H28).

        `ever` accepts keys that are no longer trusted too.
        """
        now = self._clock.now()
        header = header_of(token)
        if header is None or FOREIGN & header.keys() or header.get("typ") != typ:
            return None
        keys = [key for key in await self._table.all() if key.kid == header.get("kid")]
        key = next((key for key in keys if ever or key.trusted(now)), None)
        if key is None or kind(header.get("alg")) != key.alg:
            return None
        try:
            return jwt.decode(
                token, self._private(key), algorithms=[str(header["alg"])], registry=self._registry
            ).claims
        except (JoseError, ValueError):
            return None

    async def decrypted(self, text: str) -> str | None:
        """Decrypts a compact JWE to one of our keys (RFC 7516); None for any other text, without the reason."""
        now = self._clock.now()
        header = jwe.header_of(text)
        if header is None:
            return None
        kid, alg = header.get("kid"), header["alg"]
        keys = [key for key in await self._table.all() if key.trusted(now) and alg in DECRYPTION.get(key.alg, ())]
        fitting = [key for key in keys if kid is None or key.kid == kid]
        for key in fitting:
            plain = await self._done(self._private(key), jwe.decrypted, text)
            if plain is not None:
                return str(plain)
        return None

    async def tend(self) -> None:
        """Makes the keys that are due: the first ones, active at once, and successors a day before they sign."""
        for alg in KINDS:
            await self.tend_one(alg)

    async def tend_one(self, alg: str) -> None:
        """Makes the next key of this algorithm, if it is due."""
        now = self._clock.now()
        newest = max((key for key in await self._table.all() if key.alg == alg), key=generation, default=None)
        if newest is None or not newest.trusted(now):
            await self.add(alg, now, newest, SERVER)
        elif newest.active_at + PERIOD - AHEAD <= now:
            await self.add(alg, max(now + AHEAD, newest.active_at + PERIOD), newest, SERVER)

    async def rotate(self, alg: str, by: By, *, at_once: bool = False) -> SigningKey | None:
        """Publishes a new key that signs in a day, or at once; None if another server did so at the same moment."""
        now = self._clock.now()
        newest = max((key for key in await self._table.all() if key.alg == alg), key=generation, default=None)
        return await self.add(alg, now if at_once else now + AHEAD, newest, by)

    async def add(self, alg: str, active_at: datetime, newest: SigningKey | None, by: By) -> SigningKey | None:
        """Makes and publishes the key that follows the newest one; None if another server has published it."""
        pair: Pair = await self._in_thread(made, alg)
        kid = pair.thumbprint()
        key = SigningKey(
            kid,
            alg,
            newest.generation + 1 if newest else 1,
            {**pair.as_dict(private=False), "kid": kid, **use(alg)},
            self._sealed(kid, pair),
            self._clock.now(),
            active_at,
            None,
        )
        if not await self._table.add(key, active_at + AFTERWARDS, by):
            return None
        log.info(
            "key published: {kid}, {alg}, active from {active_at}", kid=kid, alg=alg, active_at=active_at.isoformat()
        )
        return key

    async def retire(self, kid: str, by: By) -> str | None:
        """Ends the trust in a key at once, and replaces it if no other signs; returns its algorithm, or None if there is no such key."""
        alg = await self._table.remove(kid, self._clock.now(), by)
        if alg is not None:
            log.info("key removed: {kid}", kid=kid)
            await self.replace(alg, by)
        return alg

    async def replace(self, alg: str, by: By) -> None:
        """Makes a key that signs at once, if no key of this algorithm does."""
        now = self._clock.now()
        keys = [key for key in await self._table.all() if key.alg == alg]
        if not any(key.active(now) for key in keys):
            await self.add(alg, now, max(keys, key=generation, default=None), by)

    async def ready(self) -> bool:
        """Whether every kind of key has an active one."""
        now = self._clock.now()
        return {key.alg for key in await self._table.all() if key.active(now)} >= set(KINDS)

    async def _signing(self, alg: str) -> SigningKey:
        now = self._clock.now()
        active = [key for key in await self._table.all() if key.alg == kind(alg) and key.active(now)]
        if not active:
            raise LookupError(f"there is no active key for {alg}")
        return max(active, key=generation)

    def _private(self, key: SigningKey) -> Pair:
        """Returns the key pair, which is decrypted once and then kept in memory."""
        pair = self._opened.get(key.kid)
        if pair is None:
            plain = self._cipher.decrypt(key.private_key[:NONCE], key.private_key[NONCE:], associated(key.kid))
            pair = self._opened[key.kid] = imported(key.alg, plain)
        return pair

    async def _done(self, pair: Pair, work: Callable[..., Any], *arguments: object) -> Any:
        """Does the private key's work and returns its result: RSA (a millisecond) in a thread, curves (a tenth of that) at once."""
        if isinstance(pair, RSAKey):
            return await self._in_thread(work, pair, *arguments)
        return work(pair, *arguments)

    def _sealed(self, kid: str, pair: Pair) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, pair.as_pem(private=True), associated(kid))


def sign(pair: Pair, algorithm: Callable[[bytes, Pair], bytes], text: str) -> bytes:
    """Returns the signature of the text by this key and joserfc's algorithm."""
    return algorithm(text.encode(), pair)


def part(members: Mapping[str, object]) -> str:
    """Returns the members as a part of a compact JWS (RFC 7515 §3.1)."""
    return minted.base64url(JSON.encode(members).encode())


@lru_cache(maxsize=64)
def header_part(alg: str, typ: str | None, kid: str) -> str:
    """Returns the header part of a compact JWS; it is the same as long as the key signs."""
    return part({"alg": alg, "kid": kid} if typ is None else {"alg": alg, "typ": typ, "kid": kid})


def kind(alg: object) -> object:
    """Returns the kind of key that signs by this algorithm."""
    return EDDSA if alg == ED25519 else alg


def of_any_name(public_key: Mapping[str, object]) -> Mapping[str, object]:
    """Returns the public key as it is published: one that has two algorithms by name names none (RFC 7517 §4.4)."""
    if public_key.get("alg") != EDDSA:
        return public_key
    return {name: value for name, value in public_key.items() if name != "alg"}


def generation(key: SigningKey) -> int:
    """Returns the number of this key among those of its algorithm, by which keys are ordered."""
    return key.generation


def shown(key: SigningKey, keys: Iterable[SigningKey], now: datetime) -> bool:
    """Whether the key set shows this key: one that signs or signed, or the newest active one to encrypt to."""
    if key.alg in SIGNING:
        return True
    return not any(other.alg == key.alg and other.generation > key.generation and other.active(now) for other in keys)


def use(alg: str) -> dict[str, str]:
    """Returns the members that say what a public key is for (RFC 7517 §4.2, §4.4); one to encrypt to serves several algorithms."""
    return {"use": "enc"} if alg in DECRYPTION else {"use": "sig", "alg": alg}


def associated(kid: str) -> bytes:
    """Returns the associated data of a private key's encryption, which binds it to its row (H25)."""
    return b"signing_keys " + kid.encode()


def made(alg: str) -> Pair:
    """Makes a new key pair; slow for RSA."""
    if alg in ("ES256", "ECDH-ES"):
        return ECKey.generate_key("P-256")
    if alg == "EdDSA":
        return OKPKey.generate_key("Ed25519")
    return RSAKey.generate_key(2048)


def imported(alg: str, pem: bytes) -> Pair:
    """Parses a key pair from its PKCS #8 PEM."""
    kinds: dict[str, type[Any]] = {"ES256": ECKey, "ECDH-ES": ECKey, "EdDSA": OKPKey}
    key: Pair = kinds.get(alg, RSAKey).import_key(pem)
    return key


def header_of(token: str) -> Mapping[str, Any] | None:
    """Returns the unverified header of a compact JWT; None for any other text."""
    if len(token) > LONGEST or token.count(".") != 2:  # noqa: PLR2004 - RFC 7515 §7.1
        return None
    try:
        header = extract_compact(token.encode()).headers()
    except (JoseError, ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) else None

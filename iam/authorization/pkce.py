"""Proof Key for Code Exchange, S256 only (RFC 7636; RFC 9700 §2.1.1)."""

import re
from hashlib import sha256

from iam.secrets import minted

METHODS = ("S256",)
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # base64url of a SHA-256 digest
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
NO_CHALLENGE = "malformed"  # equals no challenge


def well_formed(challenge: str) -> bool:
    """Checks that a challenge is one of S256: 43 characters of base64url (RFC 7636 §4.2)."""
    return CHALLENGE.fullmatch(challenge) is not None


def challenge_of(verifier: str | None) -> str | None:
    """Returns the S256 challenge that belongs to this verifier (RFC 7636 §4.6).

    It is None without a verifier, and NO_CHALLENGE, which never matches, for a malformed one.
    """
    if verifier is None:
        return None
    if not VERIFIER.fullmatch(verifier):
        return NO_CHALLENGE
    return minted.base64url(sha256(verifier.encode()).digest())

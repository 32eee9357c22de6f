"""Secrets of clients that somebody chose, instead of having them minted."""

from math import log2
from typing import Final

SHORTEST: Final = 32  # characters
LONGEST: Final = 256
ENOUGH: Final = 128  # bits of entropy
POOLS: Final = (
    ("0123456789", 10),
    ("abcdef", 6),
    ("ghijklmnopqrstuvwxyz", 20),
    ("ABCDEF", 6),
    ("GHIJKLMNOPQRSTUVWXYZ", 20),
)
OTHERS: Final = 32


def complaint(secret: str) -> str | None:
    """Why this cannot be a secret (RFC 6749, appendix A.2)."""
    if not SHORTEST <= len(secret) <= LONGEST:
        return f"A client's secret has {SHORTEST} to {LONGEST} characters."
    if not (secret.isascii() and secret.isprintable()):
        return "A client's secret is printable ASCII."
    return "A client's secret neither begins nor ends with a blank." if secret != secret.strip() else None


def warning(secret: str) -> str | None:
    """What to say of one that may be guessed."""
    bits = entropy(secret)
    if bits >= ENOUGH:
        return None
    return f"This secret has some {bits:.0f} bits of entropy at most, less than {ENOUGH}: `openssl rand -base64 32` makes a better one."


def entropy(secret: str) -> float:
    """Bits at most that a guesser has to try, who knows which characters there are, and sees what repeats itself."""
    unit = secret[: shortest_period(secret)]
    pool = sum(size for letters, size in POOLS if set(letters) & set(unit))
    pool += 0 if unit.isalnum() else OTHERS
    few = len(set(unit)) * 2 < min(pool, len(unit))  # many of one character: hardly made at random
    return len(unit) * log2(max(1, len(set(unit)) if few else pool))


def shortest_period(text: str) -> int:
    """The length of what the text is a repetition of; its own where it is none."""
    return (text + text).find(text, 1)

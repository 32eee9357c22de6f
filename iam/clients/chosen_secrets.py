"""Client secrets that a person chose instead of having them generated."""

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
    """Returns why this text cannot be a client secret (RFC 6749, appendix A.2), or None."""
    if not SHORTEST <= len(secret) <= LONGEST:
        return f"A client's secret has {SHORTEST} to {LONGEST} characters."
    if not (secret.isascii() and secret.isprintable()):
        return "A client's secret is printable ASCII."
    return "A client's secret neither begins nor ends with a blank." if secret != secret.strip() else None


def warning(secret: str) -> str | None:
    """Returns a warning about a secret that may be guessed, or None."""
    bits = entropy(secret)
    if bits >= ENOUGH:
        return None
    return (
        f"This secret has some {bits:.0f} bits of entropy at most, less than {ENOUGH}: "
        "`openssl rand -base64 32` makes a better one."
    )


def entropy(secret: str) -> float:
    """Estimates the entropy (bits, at most) from the kinds of characters that occur and from repetitions."""
    unit = secret[: shortest_period(secret)]
    pool = sum(size for letters, size in POOLS if set(letters) & set(unit))
    pool += 0 if unit.isalnum() else OTHERS
    few = len(set(unit)) * 2 < min(pool, len(unit))  # characters repeat too often for a random text
    return len(unit) * log2(max(1, len(set(unit)) if few else pool))


def shortest_period(text: str) -> int:
    """Returns the length of the shortest text whose repetition is `text`; its own length if it repeats nothing."""
    return (text + text).find(text, 1)

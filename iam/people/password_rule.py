"""The rule for passwords: long enough and hard to guess, without demands on their characters (H13, NIST SP 800-63B)."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

SHORTEST: Final = 8  # characters
LONGEST: Final = 1024  # bytes
COMPOSED: Final = 4  # characters that become one at most, of two bytes or more (NFC)
GOOD: Final = 3  # of zxcvbn's 0 to 4: more than 10^8 guesses

# zxcvbn's time grows steeply with length (2 s for 72 hostile characters, 0.2 s for 24). A password is at least as hard
# to guess as any part of it, so parts are judged until one is good.
PART: Final = 24
JUDGED: Final = 72


def canonical(password: str) -> bytes | None:
    """Returns the bytes of a password, the same from every keyboard (NFC).

    Returns None if it is longer than LONGEST bytes or cannot be encoded.
    """
    if len(password) > COMPOSED * LONGEST:
        return None
    try:
        octets = unicodedata.normalize("NFC", password).encode()
    except UnicodeEncodeError:  # a lone surrogate, from a terminal that is not in UTF-8
        return None
    return octets if len(octets) <= LONGEST else None


def complaint(password: str, *about: str) -> str | None:
    """Returns what to change about a password, in a sentence, or None.

    `about` are texts that others know about the person and the site.
    """
    octets = canonical(password)
    if octets is not None and len(octets.decode()) < SHORTEST:
        return f"Choose a password of at least {SHORTEST} characters."
    if octets is None:
        return f"Choose a password of at most {LONGEST} bytes."
    if not any(good(part, about) for part in parts(password)):
        return "Choose a password that is harder to guess: add another word or two, and leave out names and dates."
    return None


def parts(password: str) -> Iterable[str]:
    """Returns the parts to judge, each short enough for zxcvbn."""
    head = password[:JUDGED]
    return (head[start : start + PART] for start in range(0, len(head), PART))


def good(part: str, about: Iterable[str]) -> bool:
    """Tells whether this part takes enough guesses."""
    from zxcvbn import zxcvbn

    return int(zxcvbn(part, user_inputs=words(about))["score"]) >= GOOD


def words(about: Iterable[str]) -> list[str]:
    """Returns what an attacker who knows the person tries first: each text, the parts around its @, and its words."""
    texts = [text for text in about if text]
    return [word for text in texts for word in (text, *re.split(r"[@\s]+", text), *re.split(r"\W+", text)) if word]

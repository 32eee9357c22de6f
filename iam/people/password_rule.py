"""The rule for passwords: long enough and hard to guess, without demands on their characters (H13, NIST SP 800-63B-4)."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from iam.people.common_passwords import common

SHORTEST: Final = 8  # characters
LONGEST: Final = 1024  # bytes
COMPOSED: Final = 4  # characters that become one at most, of two bytes or more (NFC)
GUESSES: Final = 10**8  # as many as zxcvbn expects for eight random characters, of whichever alphabet

# zxcvbn's time grows steeply with length (2 s for 72 hostile characters, 0.2 s for 24). A password is at least as hard
# to guess as any part of it, so parts are judged until one is good.
PART: Final = 24
JUDGED: Final = 72

SHORT: Final = "Choose a password of at least {shortest} characters."
LONG: Final = f"Choose a password of at most {LONGEST} bytes."
COMMON: Final = "Choose a password that is harder to guess: this one is among those that are tried first."
FAMILIAR: Final = (
    "Choose a password that is harder to guess: add another word or two, because a part of this one is among those that are "
    "tried first."
)
PERSONAL: Final = (
    "Choose a password that is harder to guess: leave out your name, your e-mail address and the name of this site."
)
GUESSABLE: Final = (
    "Choose a password that is harder to guess: make it longer, by another word or two, and leave out names and dates."
)

# What to change, by the pattern that zxcvbn finds in most of a password.
ADVICE: Final = {
    "user_inputs": PERSONAL,
    "passwords": FAMILIAR,
    "date": "Choose a password that is harder to guess: leave out dates, and add another word or two.",
    "regex": "Choose a password that is harder to guess: leave out years, and add another word or two.",
    "repeat": "Choose a password that is harder to guess: repeat nothing, and add another word or two.",
    "sequence": "Choose a password that is harder to guess: leave out rows such as abc or 123, and add another word or two.",
    "spatial": "Choose a password that is harder to guess: leave out rows of keys such as qwerty, and add another word or two.",
}


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


def complaint(password: str, *about: str, shortest: int = SHORTEST) -> str | None:
    """Returns what to change about a password of at least `shortest` characters, in a sentence, or None.

    `about` are texts that others know about the person and the site.
    """
    octets = canonical(password)
    if octets is None:
        return LONG
    text = octets.decode()
    if len(text) < shortest:
        return SHORT.format(shortest=shortest)
    return COMMON if common(text) else weakness(text, about)


def weakness(password: str, about: Iterable[str]) -> str | None:
    """Returns what makes the first part of a password easy to guess, in a sentence; None if any part is good."""
    advice = None
    for judged in judgements(password, words(about)):
        if judged["guesses"] >= GUESSES:
            return None
        advice = advice or ADVICE.get(pattern(judged["sequence"]), GUESSABLE)
    return advice


def judgements(password: str, known: list[str]) -> Iterator[Mapping[str, Any]]:
    """Yields what zxcvbn says about each part, which is short enough for it; `known` are words that others try first."""
    from zxcvbn import zxcvbn

    head = password[:JUDGED]
    return (zxcvbn(head[start : start + PART], user_inputs=known) for start in range(0, len(head), PART))


def pattern(sequence: Iterable[Mapping[str, Any]]) -> str:
    """Returns zxcvbn's name of the pattern that makes up most of a password: of a word, that of its dictionary."""
    longest = max(sequence, key=lambda match: len(match["token"]))
    return str(longest.get("dictionary_name") or longest["pattern"])


def words(about: Iterable[str]) -> list[str]:
    """Returns what an attacker who knows the person tries first: each text, the parts around its @, and its words."""
    texts = [text for text in about if text]
    return [word for text in texts for word in (text, *re.split(r"[@\s]+", text), *re.split(r"\W+", text)) if word]

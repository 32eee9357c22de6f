"""Names of people: the canonical forms of usernames and e-mail addresses, and the rules for new ones."""

import re
import unicodedata
from typing import Final

LONGEST_USERNAME: Final = 64
LONGEST_EMAIL: Final = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
LONGEST_NAME: Final = 200
UNREADABLE: Final = (
    "CZ"  # Unicode's categories of controls, formats, surrogates, unassigned and private characters; separators
)

# Letters and marks that are invisible, so that two names would look the same.
INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

# Characters that change the direction of the text after them (Unicode UAX #9): a name could reorder its sentence.
TURNING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")

# One @, and nothing that could end a header or begin markup. Domains in other alphabets have ASCII forms (RFC 5891).
EMAIL: Final = re.compile(
    r"""[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*
    @[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*""",
    re.VERBOSE,
)


def username_key(username: str) -> str:
    """Returns the form in which equal usernames agree: without differences of case or compatibility (Unicode D146)."""
    text = unicodedata.normalize("NFD", username.strip())
    for _ in range(2):
        text = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFKC", text).strip()


def email_key(email: str) -> str:
    """Returns the form in which equal e-mail addresses agree: in lower case, without surrounding spaces."""
    return email.strip().lower()


def login_key(login: str) -> str:
    """Returns the key of what a person typed to log in, a username or an e-mail address; empty if it can be neither."""
    if "@" in login:
        return "" if email_complaint(login) else email_key(login)
    return "" if username_complaint(login) else username_key(login)


def username_complaint(username: str) -> str | None:
    """Returns what is wrong with a username, in a sentence, or None."""
    readable = unicodedata.normalize("NFKC", username.strip()) if len(username) <= LONGEST_USERNAME else username
    if not readable:
        return "Choose a username."
    if len(readable) > LONGEST_USERNAME:
        return f"Choose a username of at most {LONGEST_USERNAME} characters."
    if "@" in readable:
        return "Choose a username without @, so that it cannot be taken for an e-mail address."
    if any(unicodedata.category(character)[0] in UNREADABLE for character in readable) or INVISIBLE.search(readable):
        return "Choose a username without spaces and invisible characters."
    return None


def email_complaint(email: str) -> str | None:
    """Returns what is wrong with an e-mail address, in a sentence, or None."""
    text = email.strip() if len(email) <= 2 * LONGEST_EMAIL else email
    if len(text) > LONGEST_EMAIL:
        return f"Give an e-mail address of at most {LONGEST_EMAIL} characters."
    if not EMAIL.fullmatch(text):
        return "Give an e-mail address such as alice@example.org."
    return None


def name_complaint(name: str) -> str | None:
    """Returns what is wrong with the name of a person or client, in a sentence, or None."""
    if len(name) > LONGEST_NAME:
        return f"Give a name of at most {LONGEST_NAME} characters."
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name) or TURNING.search(name):
        return "Give a name on one line, without control characters."
    if name and not any(map(seen, name)):
        return "Give a name that can be seen."
    return None


def seen(character: str) -> bool:
    """Tells whether the character is visible by itself."""
    return unicodedata.category(character)[0] in "LNPS" and not INVISIBLE.match(character)

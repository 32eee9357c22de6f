"""Claims: further facts about a person in tokens and UserInfo. Operators name them; some names have a fixed meaning."""

import json
import re
from collections.abc import Mapping
from typing import Final

LONGEST_NAME: Final = 128
LARGEST: Final = 16_384  # characters of JSON, for all claims of a person

# Claims that only the server makes.
JWT: Final = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})  # RFC 7519 §4.1
ID_TOKEN: Final = frozenset({"nonce", "auth_time", "acr", "amr", "azp", "at_hash", "c_hash", "s_hash", "sid"})
TOKEN: Final = frozenset({"client_id", "scope", "active", "token_type", "username", "cnf", "act", "may_act", "events"})
PROTOCOL: Final = JWT | ID_TOKEN | TOKEN
# Claims that come from the account itself.
ACCOUNT: Final = frozenset({"name", "email", "email_verified", "preferred_username", "updated_at"})
# The types of the standard claims (OpenID Connect Core §5.1); a client may refuse a person if a claim has another type.
TEXTS: Final = frozenset(
    {"given_name", "family_name", "middle_name", "nickname", "profile", "picture", "website", "gender"}
    | {"birthdate", "zoneinfo", "locale", "phone_number"}
)
TRUTHS: Final = frozenset({"phone_number_verified"})
ADDRESS: Final = frozenset({"formatted", "street_address", "locality", "region", "postal_code", "country"})
NUL: Final = re.compile(r"(?<!\\)(\\\\)*\\u0000")


def complaint(claims: Mapping[str, object]) -> str | None:
    """Returns what is wrong with a person's claims, in a sentence, or None."""
    for name, value in claims.items():
        if told := one_complaint(name, value):
            return told
    text = json.dumps(claims, ensure_ascii=False)
    if len(text) > LARGEST:
        return f"Give claims of at most {LARGEST} characters in all."
    if not storable(claims):
        return "Give claims without the character NUL and halves of characters."
    return None


def storable(document: Mapping[str, object]) -> bool:
    """Tells whether the database can store all texts of this: none has a NUL or half of a surrogate pair."""
    text = json.dumps(document, ensure_ascii=False)
    return not NUL.search(text) and encodable(text)


def one_complaint(name: str, value: object) -> str | None:
    """Returns what is wrong with one claim, in a sentence, or None."""
    if name in PROTOCOL:
        return f"The claim {name} is the server's to make: choose another name."
    if name in ACCOUNT:
        return f"The claim {name} is a part of the account, and follows from that."
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        return f"Give each claim a name of 1 to {LONGEST_NAME} visible characters."
    if not typed(name, value):
        return f"The claim {name} is {kind(name)}: see OpenID Connect Core, section 5.1."
    return None


def typed(name: str, value: object) -> bool:
    """Tells whether the value has the type of the standard claim of this name; any type will do for other claims."""
    if name == "address":
        return isinstance(value, Mapping) and all(isinstance(value.get(part, ""), str) for part in ADDRESS)
    if name in TRUTHS:
        return isinstance(value, bool)
    return name not in TEXTS or isinstance(value, str)


def kind(name: str) -> str:
    """Returns the type of a standard claim, in words."""
    if name == "address":
        return "an object, and the parts of an address are text"
    return "true or false" if name in TRUTHS else "text; write a number in quotation marks"


def encodable(text: str) -> bool:
    """Tells whether UTF-8 can encode the text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

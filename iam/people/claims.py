"""Claims: what else tokens and UserInfo say of a person; their names are the operator's, but for those that have a meaning."""

import json
import re
from collections.abc import Mapping
from typing import Final

LONGEST_NAME: Final = 128
LARGEST: Final = 16_384  # characters of JSON, for all claims of a person

# Who says them is the server.
JWT: Final = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})  # RFC 7519 §4.1
ID_TOKEN: Final = frozenset({"nonce", "auth_time", "acr", "amr", "azp", "at_hash", "c_hash", "s_hash", "sid"})
TOKEN: Final = frozenset({"client_id", "scope", "active", "token_type", "username", "cnf", "act", "may_act", "events"})
PROTOCOL: Final = JWT | ID_TOKEN | TOKEN
# They are members of the account itself.
ACCOUNT: Final = frozenset({"name", "email", "email_verified", "preferred_username", "updated_at"})
# What the standard claims are (OpenID Connect Core §5.1); a client may refuse a person of whom it is told something else.
TEXTS: Final = frozenset(
    {"given_name", "family_name", "middle_name", "nickname", "profile", "picture", "website", "gender"}
    | {"birthdate", "zoneinfo", "locale", "phone_number"}
)
TRUTHS: Final = frozenset({"phone_number_verified"})
ADDRESS: Final = frozenset({"formatted", "street_address", "locality", "region", "postal_code", "country"})
NUL: Final = re.compile(r"(?<!\\)(\\\\)*\\u0000")


def complaint(claims: Mapping[str, object]) -> str | None:
    """What is wrong with a person's claims, if anything."""
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
    """Can a database keep all texts in it: without NUL, and without halves of surrogate pairs?"""
    text = json.dumps(document, ensure_ascii=False)
    return not NUL.search(text) and encodable(text)


def one_complaint(name: str, value: object) -> str | None:
    """What is wrong with one of them."""
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
    """Is it what a claim of this name is, if that is a standard claim?"""
    if name == "address":
        return isinstance(value, Mapping) and all(isinstance(value.get(part, ""), str) for part in ADDRESS)
    if name in TRUTHS:
        return isinstance(value, bool)
    return name not in TEXTS or isinstance(value, str)


def kind(name: str) -> str:
    """What a standard claim is, in words."""
    if name == "address":
        return "an object, and the parts of an address are text"
    return "true or false" if name in TRUTHS else "text; write a number in quotation marks"


def encodable(text: str) -> bool:
    """Can UTF-8 say it?"""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

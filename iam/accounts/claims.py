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
NUL: Final = re.compile(r"(?<!\\)(\\\\)*\\u0000")


def complaint(claims: Mapping[str, object]) -> str | None:
    """What is wrong with a person's claims, if anything."""
    for name in claims:
        if name in PROTOCOL:
            return f"The claim {name} is the server's to make: choose another name."
        if name in ACCOUNT:
            return f"The claim {name} is a part of the account, and follows from that."
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            return f"Give each claim a name of 1 to {LONGEST_NAME} visible characters."
    text = json.dumps(claims, ensure_ascii=False)
    if len(text) > LARGEST:
        return f"Give claims of at most {LARGEST} characters in all."
    if NUL.search(text) or not encodable(text):
        return "Give claims without the character NUL and halves of characters."
    return None


def encodable(text: str) -> bool:
    """Can UTF-8 say it?"""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

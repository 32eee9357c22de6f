"""How a redirect URI differs from the most similar registered one; the content of its query is never repeated."""

import re
from collections.abc import Sequence
from typing import Final

from iam.clients.slips import copied
from iam.oauth.reasons import Reason, shown

CHECK: Final = "redirect_uri"
LONGEST: Final = 2048
PARTS: Final = re.compile(
    r"(?:(?P<scheme>[^:/?#]*):)?(?://(?P<host>[^/?#]*))?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)


def refusal(registered: Sequence[str], requested: str) -> Reason:
    """Returns why this redirect URI equals none of the registered ones."""
    if not registered:
        return Reason(CHECK, "a registered redirect URI, and this application has none")
    meant = copied(requested[:LONGEST])
    if meant.slips and meant.text in registered:
        return Reason(CHECK, meant.text, f"the registered one, but {meant.told}")
    if same := [uri for uri in registered if uri.casefold() == requested.casefold()]:
        return Reason(CHECK, same[0], f"one that differs in case: {difference(same[0], requested[:LONGEST])}")
    nearest = max(registered, key=lambda uri: shared(uri, requested))
    return Reason(CHECK, nearest, difference(nearest, requested[:LONGEST]))


def shared(one: str, other: str) -> int:
    """Returns the number of characters that both texts begin with."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (here, there) in enumerate(pairs) if here != there), min(len(one), len(other)))


def difference(registered: str, requested: str) -> str:
    """Returns which parts differ, and how, as a phrase."""
    wanted, given = parts(registered), parts(requested)
    found = [told(name, wanted[name], given[name]) for name in wanted if wanted[name] != given[name]]
    return "; ".join(found) or "another one that is registered"


def parts(uri: str) -> dict[str, str | None]:
    """Splits any text into the parts of a URI (RFC 3986, appendix B)."""
    found = PARTS.fullmatch(uri)
    return found.groupdict() if found else {}


def told(name: str, wanted: str | None, given: str | None) -> str:
    """Returns how one part differs, without repeating a query, fragment or user name: it may hold a secret."""
    if given is None:
        return f"no {name}"
    if name in ("query", "fragment"):
        return f"another {name}" if wanted is not None else f"a {name}, where none is registered"
    if name == "host" and "@" in given:
        return "a user name before the host"
    return f"{name} {shown(given) or 'empty'}"

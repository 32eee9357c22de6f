"""How a redirect URI differs from the most similar registered one; the content of its query is never repeated."""

import re
from collections.abc import Sequence
from typing import Final

from iam.clients.slips import copied
from iam.oauth.reasons import Reason, shown

CHECK: Final = "redirect_uri"
NONE: Final = "a registered redirect URI, and this application has none"
LONGEST: Final = 2048
WRITTEN: Final = {"scheme": "{}:", "host": "//{}", "path": "{}", "query": "?{}", "fragment": "#{}"}
PARTS: Final = re.compile(
    r"(?:(?P<scheme>[^:/?#]*):)?(?://(?P<host>[^/?#]*))?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)


def refusal(registered: Sequence[str], requested: str) -> Reason:
    """Returns why this redirect URI equals none of the registered ones."""
    if not registered:
        return Reason(CHECK, NONE)
    requested = requested[:LONGEST]
    meant = copied(requested)
    if meant.slips and meant.text in registered:
        return told_of(meant.text, f"the registered one, but {meant.told}", requested)
    if same := [uri for uri in registered if uri.casefold() == requested.casefold()]:
        return told_of(same[0], f"one that differs in case: {difference(same[0], requested)}", requested)
    nearest = max(registered, key=lambda uri: shared(uri, requested))
    return told_of(nearest, difference(nearest, requested), requested)


def told_of(registered: str, got: str, requested: str) -> Reason:
    """Returns the reason, with the requested URI as people may read it."""
    return Reason(CHECK, registered, got, presented=presentable(registered, requested))


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


def presentable(registered: str, requested: str) -> str:
    """Returns the requested URI without what may be secret where it differs: query, fragment, user name."""
    wanted, given = parts(registered), parts(requested)
    kept = {
        name: text if text == wanted[name] else hidden(name, text) for name, text in given.items() if text is not None
    }
    return "".join(WRITTEN[name].format(text) for name, text in kept.items())


def hidden(name: str, text: str) -> str:
    """Returns a part of a URI without what may be secret in it."""
    if name in ("query", "fragment"):
        return "…"
    user, at, host = text.rpartition("@") if name == "host" else ("", "", text)
    return ("…" if user else "") + at + shown(host)


def marked(uri: str, other: str) -> list[tuple[str, bool]]:
    """Returns the parts of a URI as they are written, each with whether it is another one than in the other URI."""
    own, others = parts(uri), parts(other)
    return [(WRITTEN[name].format(text), text != others[name]) for name, text in own.items() if text is not None]


def told(name: str, wanted: str | None, given: str | None) -> str:
    """Returns how one part differs, without repeating a query, fragment or user name: it may hold a secret."""
    if given is None:
        return f"no {name}"
    if name in ("query", "fragment"):
        return f"another {name}" if wanted is not None else f"a {name}, where none is registered"
    if name == "host" and "@" in given:
        return "a user name before the host"
    return f"{name} {shown(given) or 'empty'}"

"""URIs in client metadata that people see or their browsers open (RFC 7591 §2, OpenID Connect Registration §2)."""

import re
from typing import Final

from iam.clients.redirect_uris import (
    AUTHORITY,
    LONGEST,
    WRITTEN,
    authority_of,
    bracket_complaint,
    well_formed,
)
from iam.networks import loopback
from iam.schemes import USUAL_PORTS

SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)


def link_complaint(uri: str) -> str | None:
    """Returns what is wrong with an address that people are shown as a link, or None; http is allowed."""
    return complaint(uri, secure=False, fragment=True)


def https_complaint(uri: str) -> str | None:
    """Returns what is wrong with an address that must use https, even on the person's own device, or None."""
    if sentence := complaint(uri, secure=False):
        return sentence
    return "Begin it with https://." if uri.lower().startswith("http:") else None


def complaint(uri: str, *, secure: bool = True, fragment: bool = False) -> str | None:
    """Returns what is wrong with an address, or None.

    `secure`: http is allowed only to the device that the browser runs on. `fragment`: the address may have a fragment.
    """
    if len(uri) > LONGEST:
        return f"An address has at most {LONGEST} characters."
    if not WRITTEN.fullmatch(uri) or not SCHEME.match(uri):
        return "Give an address such as https://app.example.org/page, in ASCII and without spaces."
    if "#" in uri and not fragment:
        return "Leave out the # and what follows."
    found = well_formed(authority_of(uri.partition("#")[0]))
    if found is None or bracket_complaint(uri):
        return "Give an address such as https://app.example.org/page: a host that exists, and no user name."
    if secure and uri.lower().startswith("http:") and not loopback(found["host"]):
        return "Begin it with https://; http is only for this machine: localhost, 127.0.0.1 or [::1]."
    return None


def origin(uri: str) -> tuple[str, str, str] | None:
    """Returns scheme, host and port of an http or https URI (RFC 6454 §4); None for any other."""
    scheme, found = uri.partition(":")[0].lower(), AUTHORITY.fullmatch(authority_of(uri))
    if scheme not in USUAL_PORTS or found is None:
        return None
    return scheme, found["host"].lower(), found["port"] or str(USUAL_PORTS[scheme])

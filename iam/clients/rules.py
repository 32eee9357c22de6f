"""Rules for client metadata, except those about keys and algorithms; the members in Metadata refer to them by name.

Each returns what is wrong with the value, in a sentence, or None.
"""

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import frozen

from iam.clients import fapi, uris
from iam.clients import redirect_uris as redirection
from iam.clients.registrants import ADMINISTRATOR, Registrant
from iam.oauth.grant_types import IMPLICIT, obstacle, offered, redirecting
from iam.outbound import destinations
from iam.people import names
from iam.records.acr import LEVELS
from iam.records.brand import check_colour
from iam.records.client import AUTH_METHODS, PUBLIC
from iam.records.client_metadata import AT_USERINFO, BY_SCOPES, NATIVE, NOWHERE, PAIRWISE, PUBLIC_SUBJECT, WEB, Metadata
from iam.records.scope import Scope

MOST_ADDRESSES: Final = 50
LONGEST_LINE: Final = 255
LONGEST_SHOWN: Final = 80
MOST: Final = 10  # values of a list
LONGEST_AGE: Final = 2**31 - 1  # seconds


@frozen
class Case:
    """Metadata to judge, and what they may contain.

    `private`: this server may send requests to private networks. `implicit`: the implicit grant is offered.
    `scopeless`: the client needs no scope of its own.
    """

    metadata: Metadata
    registrant: Registrant = ADMINISTRATOR
    scopes: Sequence[Scope] = ()
    redirects: redirection.Rules = redirection.STRICT
    scopeless: bool = False
    private: bool = False
    implicit: bool = False


# Returns what is wrong with the value of the member that has this name, or None.
Rule = Callable[[Any, Case, str], str | None]


def name(value: str, *_: object) -> str | None:
    """Checks the name that people read on the consent page."""
    return names.name_complaint(value) if value else "Give the application a name that people will know it by."


def auth_method(value: str, case: Case, _: str) -> str | None:
    """Checks how the client authenticates at the token endpoint (RFC 7591 §2)."""
    return choice(value, fapi.fitting(case.metadata, AUTH_METHODS, fapi.METHODS))


def grant_types(value: tuple[str, ...], case: Case, _: str) -> str | None:
    """Checks the grant types: offered, allowed to the registrant, and consistent with each other.

    Only a resource server that introspects every token needs none.
    """
    open_to_all = [each.name for each in offered(implicit=case.implicit) if case.registrant.may_use(each.name)]
    known = fapi.fitting(case.metadata, open_to_all, fapi.GRANT_TYPES)
    if any(name not in known for name in value):
        return f"Choose among {', '.join(known)}."
    if not value and not case.metadata.introspect_any:
        return "Choose at least one grant type."
    public = case.metadata.auth_method == PUBLIC
    return next(filter(None, (obstacle(name, value, public=public) for name in value)), None)


def redirect_uris(value: tuple[str, ...], case: Case, name: str) -> str | None:
    """Checks the redirect URIs; grant types that redirect need one, and the implicit grant https."""
    granted = case.metadata.grant_types
    if redirecting(granted) and not value:
        return "Give at least one redirect URI: what a person allows is sent there."
    if IMPLICIT in granted and any(not uri.startswith("https:") for uri in value):
        return "Redirect URIs of a client with the implicit grant begin with https://."
    if any(fapi.unencrypted(case.metadata, uri) for uri in value):
        return "Under FAPI 2.0 redirect URIs are no http, but for native clients on the person's own device."
    return addresses(value, case, name)


def addresses(value: tuple[str, ...], case: Case, _: str) -> str | None:
    """Checks the URIs that people are sent back to.

    The complaint is about the first bad one, and quotes it if there are several.
    """
    if len(value) > MOST_ADDRESSES:
        return f"Give at most {MOST_ADDRESSES} redirect URIs."
    for uri in value:
        sentence = redirection.complaint(uri, confidential=case.metadata.auth_method != PUBLIC, rules=case.redirects)
        if sentence:
            return sentence if len(value) == 1 else f"{shortened(uri)}: {sentence}"
    return None


def shortened(uri: str) -> str:
    """Returns at most 80 characters of a URI, enough to recognise it."""
    return uri if len(uri) <= LONGEST_SHOWN else uri[: LONGEST_SHOWN - 1] + "…"


def scopes(value: tuple[str, ...], case: Case, _: str) -> str | None:
    """Checks that the scopes exist and that the registrant may have them."""
    allowed = [scope.name for scope in case.scopes if case.registrant.may_have(scope)]
    if any(scope not in allowed for scope in value):
        return f"Choose among the scopes that exist: {', '.join(allowed) or 'there is none yet'}."
    return "Choose at least one scope." if case.metadata.grant_types and not value and not case.scopeless else None


def application_type(value: str, *_: object) -> str | None:
    """Checks the application type: web or native (OpenID Connect Registration §2)."""
    return choice(value, (WEB, NATIVE))


def subject_type(value: str, *_: object) -> str | None:
    """Checks the subject type: public or pairwise (OpenID Connect Core §8)."""
    return choice(value, (PUBLIC_SUBJECT, PAIRWISE))


def claims_place(value: str, *_: object) -> str | None:
    """Checks where the claims of scopes are returned; OpenID Connect Core §5.4 says UserInfo."""
    return choice(value, (AT_USERINFO, BY_SCOPES))


def fapi_profile(value: str | None, *_: object) -> str | None:
    """Checks the profile of FAPI 2.0 that the client is held to."""
    return choice(value, fapi.PROFILES)


def access_token_claims(value: str, *_: object) -> str | None:
    """Checks whether access tokens have the claims of the scopes groups and roles."""
    return choice(value, (NOWHERE, BY_SCOPES))


def choice(value: str | None, allowed: Sequence[str]) -> str | None:
    """Checks that the value, if set, is one of those allowed."""
    return None if value is None or value in allowed else f"Choose one of {', '.join(allowed)}."


def line(value: str | None, *_: object) -> str | None:
    """Checks that the value, if set, is a line of 1 to 255 printable characters."""
    if value is None or (0 < len(value) <= LONGEST_LINE and all(map(printable, value))):
        return None
    return f"Give 1 to {LONGEST_LINE} characters that can be printed."


def printable(character: str) -> bool:
    """Checks that the character is visible or a space."""
    return character == " " or unicodedata.category(character)[0] not in "CZ"


def lines(value: tuple[str, ...], *_: object) -> str | None:
    """Checks that there are at most 10 values, each a line of printable characters."""
    return few(value) or next(filter(None, map(line, value)), None)


def few(value: Sequence[str]) -> str | None:
    """Checks that there are at most 10 values."""
    return f"Give at most {MOST}." if len(value) > MOST else None


def words(value: tuple[str, ...], *_: object) -> str | None:
    """Checks that no value has a blank, since a request could never ask for it (OpenID Connect Core §3.1.2.1)."""
    return "Give each value by itself, without blanks." if any(" " in each for each in value) else lines(value)


def seconds(value: int | None, *_: object) -> str | None:
    """Checks a maximum age in seconds (OpenID Connect Core §3.1.2.1)."""
    return None if value is None or 0 <= value <= LONGEST_AGE else "Give a number of seconds, 0 or more."


def level(value: str | None, *_: object) -> str | None:
    """Checks the class that logins must reach (OpenID Connect Core §2, acr)."""
    return None if value is None or value in LEVELS else f"Give one of {', '.join(LEVELS)}."


def colour(value: str | None, *_: object) -> str | None:
    """Checks a colour of CSS."""
    try:
        check_colour(value or "black")
    except ValueError:
        return "Give an opaque colour such as #2a55cf, rebeccapurple or hsl(225 66% 49%)."
    return line(value)


def link(value: str | None, *_: object) -> str | None:
    """Checks an address that people are shown as a link."""
    return value and uris.link_complaint(value)


def https(value: str | None, *_: object) -> str | None:
    """Checks an address that browsers are sent to, which must use https."""
    return value and uris.https_complaint(value)


def fetched(value: str | None, case: Case, _: str) -> str | None:
    """Checks an address that this server sends requests to; whether its host is permitted is decided then."""
    return value and destinations.complaint(value, private=case.private, example="path")


def request_uris(value: tuple[str, ...], case: Case, name: str) -> str | None:
    """Checks the addresses of request objects; a fragment is the hash of the object (OpenID Connect Core §6.2)."""
    return few(value) or next(filter(None, (fetched(uri.partition("#")[0], case, name) for uri in value)), None)


def beside_redirects(value: str | None, case: Case, _: str) -> str | None:
    """Checks an address that people's browsers load when they log out.

    It must have the scheme, host and port of a redirect URI (Front-Channel Logout §2).
    """
    if value is None:
        return None
    if sentence := uris.complaint(value):
        return sentence
    there = uris.origin(value) in {uris.origin(each) for each in case.metadata.redirect_uris}
    return None if there else "Its scheme, host and port must be those of a redirect URI."

"""What the page of a refusal says to those who answer for the application: what happened, and what to do about it."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from iam.clients import redirect_uri_difference
from iam.clients.refusals import LEFT_OUT
from iam.clients.scopes import MAY_ASK
from iam.records.refusal import Trace


@frozen
class Advice:
    """A headline, a line of advice, and where on the pages of the application that is changed, with the link's text."""

    headline: str
    sentence: str
    place: str = ""
    link: str = ""


CHANGE_URIS: Final = ("/edit#redirect_uris", "Change the redirect URIs")
CHANGE_SCOPES: Final = ("/edit#scopes", "Change the scopes")

# By the check that failed, and by which of its failures it is (`kind`).
ADVICE: Final[Mapping[tuple[str, str], Advice]] = {
    ("redirect_uri", "another"): Advice(
        "The redirect URI is not one of yours",
        "It must be a registered one, letter by letter: register the one that was sent, or let the application send the other.",
        *CHANGE_URIS,
    ),
    ("redirect_uri", "none registered"): Advice(
        "The application has no redirect URI", "Give it the address that people are sent back to.", *CHANGE_URIS
    ),
    ("redirect_uri", "none sent"): Advice(
        "The request names no redirect URI",
        "Let the application send its redirect_uri. It may leave it out only if it has a single one and does not ask for openid.",
        *CHANGE_URIS,
    ),
    ("redirect_uri", "malformed"): Advice(
        "The redirect URI of the request is malformed",
        "Let the application send an absolute address without a fragment, the registered one.",
        *CHANGE_URIS,
    ),
    ("redirect_uri", "at the token endpoint"): Advice(
        "The redirect URI is another one than in the authorization request",
        "Let the application send the same redirect_uri when it redeems the code, or, with PKCE, none.",
    ),
    ("post_logout_redirect_uri", ""): Advice(
        "The address after the logout is not one of yours",
        "It must be a registered one, letter by letter: register the one that was sent, or let the application send the other.",
        "/edit#post_logout_redirect_uris",
        "Change the post-logout redirect URIs",
    ),
    ("scope", "not the application's"): Advice(
        "The application may not ask for these scopes",
        "Tick the ones that it needs among its scopes, and let it ask for no others.",
        *CHANGE_SCOPES,
    ),
    ("scope", LEFT_OUT): Advice(
        "The application did not get all scopes that it asked for",
        "Tick the ones that it needs among its scopes, and let it ask for no others.",
        *CHANGE_SCOPES,
    ),
    ("grant type", ""): Advice(
        "The application is not registered for this grant type",
        "Tick it among the grant types, or let the application use one that it is registered for.",
        "/edit#grant_types",
        "Change the grant types",
    ),
    ("code_challenge", ""): Advice(
        "The request has no PKCE challenge",
        "Let the application send a code_challenge (S256): public ones must, and others of which it is required.",
        "/edit#require_pkce",
        "Change whether PKCE is required",
    ),
    ("client secret", ""): Advice(
        "The client secret is not that of the application",
        "Look at what the application sends, or give it a new secret.",
        "/secret",
        "Make a new secret",
    ),
    ("client", ""): Advice(
        "The application is disabled", "It gets no tokens until it is enabled again.", "/enable", "Enable it"
    ),
}


def advise(trace: Trace) -> Advice | None:
    """Returns what to say about a refusal; None if there is nothing to add to what failed."""
    return ADVICE.get((trace.failed, kind(trace)))


def kind(trace: Trace) -> str:
    """Returns which failure of its check it is; "" if there is only one."""
    if trace.failed == redirect_uri_difference.CHECK:
        return kind_of_address(trace)
    if trace.failed == "scope":
        ours = trace.expected.startswith(MAY_ASK)
        return LEFT_OUT if trace.error == LEFT_OUT else "not the application's" if ours else "of the grant"
    return ""


def kind_of_address(trace: Trace) -> str:
    """Returns what is wrong with the redirect URI of a request."""
    if trace.endpoint == "/token":
        return "at the token endpoint"
    if trace.presented:
        return "another"
    if trace.expected == redirect_uri_difference.NONE:
        return "none registered"
    return "none sent" if trace.got == "none" or trace.expected.startswith("Missing") else "malformed"

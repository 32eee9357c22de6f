"""What the page of a refusal says to those who answer for the application: what happened, and what to do about it."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from iam.authorization import factor_needed
from iam.authorization.errors import BARRED
from iam.clients import redirect_uri_difference
from iam.clients.refusals import LEFT_OUT
from iam.clients.scopes import MAY_ASK, UNKNOWN
from iam.clients.targets import FOREIGN
from iam.records.refusal import Trace


@frozen
class Advice:
    """A headline, a line of advice, and where on the owner's pages of the application that is changed, with the link's text.

    `action` is what an administrator does about it, by the `member` of its input.
    """

    headline: str
    sentence: str
    place: str = ""
    link: str = ""
    action: str = ""
    member: str = ""


UPDATE: Final = "application.update"
CHANGE_URIS: Final = ("/edit#redirect_uris", "Change the redirect URIs", UPDATE, "redirect_uris")
CHANGE_SCOPES: Final = ("/edit#scopes", "Change the scopes", UPDATE, "scope")
LATE: Final = "Each works once and not for long: let the application begin anew, which asks the person to log in again."

# By the check that failed, and by which of its failures it is (`kind`).
ADVICE: Final[Mapping[tuple[str, str], Advice]] = {
    ("redirect_uri", "another"): Advice(
        "The redirect URI is not registered",
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
        "The address after the logout is not registered",
        "It must be a registered one, letter by letter: register the one that was sent, or let the application send the other.",
        "/edit#post_logout_redirect_uris",
        "Change the post-logout redirect URIs",
        UPDATE,
        "post_logout_redirect_uris",
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
        UPDATE,
        "grant_types",
    ),
    ("code_challenge", ""): Advice(
        "The request has no PKCE challenge",
        "Let the application send a code_challenge (S256): public ones must, and others of which it is required.",
        "/edit#require_pkce",
        "Change whether PKCE is required",
        UPDATE,
        "require_pkce",
    ),
    ("client secret", ""): Advice(
        "The client secret is not that of the application",
        "Look at what the application sends, or give it a new secret.",
        "/secret",
        "Make a new secret",
        "application.rotate_secret",
    ),
    ("client", ""): Advice(
        "The application is disabled",
        "It gets no tokens until it is enabled again.",
        "/enable",
        "Enable it",
        "application.enable",
    ),
    ("client id", ""): Advice(
        "There is no application with this id",
        "Let the application send the id that it got when it was registered, letter by letter.",
        action="application.create",
    ),
    ("client authentication", ""): Advice(
        "The application did not prove itself as it is registered to",
        "Let it do that, or register it for the way that it uses.",
        action=UPDATE,
        member="token_endpoint_auth_method",
    ),
    ("resource", "unknown"): Advice(
        "There is no such resource",
        "Register it, or let the application name one that is registered and enabled.",
        action="resource.create",
    ),
    ("resource", "not for the application"): Advice(
        "The application may not ask for this resource",
        "Name it among the clients that the resource allows, or let it name another one.",
        action="resource.update",
        member="allowed_clients",
    ),
    ("resource", "too many"): Advice("The request names too many resources", "Let the application name fewer."),
    ("scope", "unknown"): Advice(
        "There is no such scope",
        "Let the application ask for one that there is, or let an administrator create it.",
        "/edit#scopes",
        "Change the scopes",
        "scope.create",
    ),
    ("group", "application"): Advice(
        "The person is in none of the groups that the application is for",
        "Add them to one of these groups, if they are to use it.",
        action="group.add",
    ),
    ("group", "scope"): Advice(
        "The person is in none of the groups that a scope is for",
        "Add them to one of these groups, if they are to have it.",
        action="group.add",
    ),
    ("login", ""): Advice(
        "The person would have had to log in, or to prove more, where no page may be shown",
        "That is nothing wrong: the application asked silently (prompt=none), and has to ask again with pages.",
    ),
    (factor_needed.CHECK, "application"): Advice(
        "The application wants a second factor, and the person has none",
        "They were led to add one, and then go on: ask them to. If a password is enough, let the application want no more.",
        action=UPDATE,
        member="acr",
    ),
    (factor_needed.CHECK, "otherwise"): Advice(
        "A scope or the request wants a second factor, and the person has none",
        "They were led to add one, and then go on: ask them to. Else the application has to ask for less.",
    ),
    ("consent", ""): Advice(
        "The person did not allow it", "That is nothing wrong: they refused, or took a scope away, as they may."
    ),
    ("DPoP proof", ""): Advice(
        "The application did not prove that it holds the key of its tokens",
        "Let it make a new proof for each request, with the method and the address that it calls, and the nonce of the last answer.",
        action=UPDATE,
        member="dpop_bound_access_tokens",
    ),
    ("client certificate", ""): Advice(
        "The application did not show the certificate that it is registered with",
        "Let it call the address for mutual TLS with its certificate, or register it with that one.",
        action=UPDATE,
        member="token_endpoint_auth_method",
    ),
    ("certificate of the connection", ""): Advice(
        "The access token came on a connection without the certificate that it is bound to",
        "Let the application call the address for mutual TLS with the certificate with which it got the token.",
        action=UPDATE,
        member="tls_client_certificate_bound_access_tokens",
    ),
    ("scheme of the access token", ""): Advice(
        "The access token came by the wrong scheme",
        "Let the application send a token that is bound to a key as DPoP, with a proof, and any other as Bearer.",
    ),
    ("code", ""): Advice("The code is not good, or not any more", LATE),
    ("refresh token", ""): Advice("The refresh token is not good, or not any more", LATE),
    ("grant", ""): Advice("What the person allowed has ended", LATE),
    ("access token", ""): Advice("The access token is not good, or not any more", LATE),
}


def advise(trace: Trace) -> Advice | None:
    """Returns what to say about a refusal; None if there is nothing to add to what failed."""
    return ADVICE.get((trace.failed, kind(trace)))


def kind(trace: Trace) -> str:
    """Returns which failure of its check it is; "" if there is only one."""
    if trace.failed == redirect_uri_difference.CHECK:
        return kind_of_address(trace)
    if trace.failed == "scope":
        return kind_of_scope(trace)
    if trace.failed == "resource":
        return kind_of_resource(trace)
    if trace.failed == factor_needed.CHECK:
        return "application" if trace.expected.startswith(factor_needed.BY_CLIENT) else "otherwise"
    if trace.failed == "group":
        return "scope" if trace.got.startswith(BARRED) else "application"
    return ""


def kind_of_scope(trace: Trace) -> str:
    """Returns what is wrong with the scopes of a request."""
    if trace.error == LEFT_OUT:
        return LEFT_OUT
    if not trace.expected.startswith(MAY_ASK):
        return "of the grant"
    unknown = trace.got.startswith(UNKNOWN) and ";" not in trace.got
    return "unknown" if unknown else "not the application's"


def kind_of_resource(trace: Trace) -> str:
    """Returns what is wrong with the resources of a request."""
    if trace.endpoint == "/token" and trace.expected == "resources of the authorization request":
        return "of the grant"
    if trace.got.isdecimal():
        return "too many"
    return "not for the application" if trace.got.startswith(FOREIGN) else "unknown"


def kind_of_address(trace: Trace) -> str:
    """Returns what is wrong with the redirect URI of a request."""
    if trace.endpoint == "/token":
        return "at the token endpoint"
    if trace.presented:
        return "another"
    if trace.expected == redirect_uri_difference.NONE:
        return "none registered"
    return "none sent" if trace.got == "none" or trace.expected.startswith("Missing") else "malformed"

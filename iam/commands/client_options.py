"""The options of `iam client create` and `update`: client metadata, those of OpenID Connect by their members' names."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from iam.clients import assertions
from iam.clients.registration import AUTH_METHODS
from iam.oauth.grant_types import offered
from iam.people.invalid import Invalid
from iam.records.client_metadata import AT_USERINFO, BY_SCOPES, DEFAULTS

F = TypeVar("F", bound=Callable[..., Any])

OPENID: Final[Mapping[str, str]] = {
    "application_type": "web or native; found out by the redirect URIs where it is not said.",
    "contacts": "Whom to write to about it. Repeatable.",
    "client_uri": "Its page, shown as a link when people are asked to allow it.",
    "logo_uri": "Its logo, shown as a link, and as a picture if it is at the host that people are sent to.",
    "policy_uri": "What it does with people's data, shown as a link.",
    "tos_uri": "Its terms of service, shown as a link.",
    "software_id": "Which software it is.",
    "software_version": "Of which version.",
    "subject_type": "public: it knows people by the name that all know; pairwise: by one of its sector's own.",
    "sector_identifier_uri": "A JSON array of the redirect URIs of all clients of its sector.",
    "id_token_signed_response_alg": "What its ID tokens are signed with (RS256).",
    "id_token_encrypted_response_alg": "With what the key is encrypted that its ID tokens are encrypted with.",
    "id_token_encrypted_response_enc": "With what its ID tokens are encrypted (A128CBC-HS256).",
    "userinfo_signed_response_alg": "What UserInfo is signed with (not at all: plain JSON).",
    "userinfo_encrypted_response_alg": "With what the key is encrypted that UserInfo is encrypted with.",
    "userinfo_encrypted_response_enc": "With what UserInfo is encrypted (A128CBC-HS256).",
    "request_object_signing_alg": "What it signs its request objects with (any that fits its keys).",
    "request_object_encryption_alg": "With what it may encrypt the key of its request objects.",
    "request_object_encryption_enc": "With what it may encrypt its request objects.",
    "require_signed_request_object": "Refuse its requests without a request object.",
    "request_uris": "Where its request objects may be. Repeatable.",
    "default_max_age": "People must have logged in within so many seconds.",
    "require_auth_time": "Say in its ID tokens when people logged in.",
    "default_acr_values": "How people should log in. Repeatable.",
    "initiate_login_uri": "Where people are sent who begin the login elsewhere.",
    "backchannel_logout_uri": "Where it is told that a person has logged out.",
    "backchannel_logout_session_required": "Tell it which session that was.",
    "frontchannel_logout_uri": "A page that the person's browser loads at the logout.",
    "frontchannel_logout_session_required": "Tell that page which session it was.",
    "id_token_claims": "Where the claims of its scopes are: at UserInfo alone, or in its ID tokens too.",
}

BASIC: Final = (
    click.option(
        "--redirect-uri", "redirects", metavar="URI", multiple=True, help="Where codes may be sent. Repeatable."
    ),
    click.option(
        "--post-logout-redirect-uri",
        "logout_uris",
        metavar="URI",
        multiple=True,
        help="Where a person may be sent after the logout. Repeatable.",
    ),
    click.option(
        "--grant-type",
        "grant_types",
        metavar="G",
        multiple=True,
        help=f"One of {', '.join(each.name for each in offered())}. Repeatable.",
    ),
    click.option("--scope", metavar='"S ..."', help="What the client may ask for, separated by spaces."),
    click.option("--auth-method", type=click.Choice(AUTH_METHODS), help="How it proves itself; none: a public client."),
    click.option(
        "--signing-alg",
        type=click.Choice(assertions.EVERY_ALGORITHM),
        help="What it signs with, if it signs to prove itself (any that fits its keys).",
    ),
    click.option(
        "--jwks",
        "jwks_file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="A file with its public keys, for private_key_jwt and for encryption.",
    ),
    click.option("--jwks-uri", metavar="URI", help="Where its public keys are, instead."),
    click.option("--require-pkce/--no-require-pkce", default=None, help="Refuse its requests without PKCE."),
    click.option(
        "--introspect-any/--no-introspect-any",
        default=None,
        help="It may introspect the tokens of every client: a resource server.",
    ),
    click.option(
        "--allow-http-redirects/--no-allow-http-redirects",
        default=None,
        help="Its redirect URIs may be http at private addresses and at host names without a dot: whoever is on the way reads along.",
    ),
)


def metadata(function: F) -> F:
    """Give a command the options; those of OpenID Connect, as far as they are named, are its argument `openid`."""
    options = [*BASIC, *(option(name, sentence) for name, sentence in OPENID.items())]
    for each in reversed(options):
        function = each(function)
    return function


def option(name: str, sentence: str) -> Any:
    """The option of a member: a flag, a number, a text, or several."""
    default, written = DEFAULTS[name], name.replace("_", "-")
    told: dict[str, Any] = {"help": sentence, "expose_value": False, "callback": remember}
    if isinstance(default, bool):
        return click.option(f"--{written}/--no-{written}", default=None, **told)
    if name == "id_token_claims":
        return click.option(f"--{written}", type=click.Choice((AT_USERINFO, BY_SCOPES)), **told)
    if name == "default_max_age":
        return click.option(f"--{written}", metavar="SECONDS", type=int, **told)
    metavar = "URI" if name.endswith(("_uri", "_uris")) else "TEXT"
    return click.option(f"--{written}", metavar=metavar, multiple=isinstance(default, tuple), **told)


def remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Collect what is named; an empty text takes away what there was."""
    named: dict[str, Any] = context.params.setdefault("openid", {})
    if value is None or value == ():
        return
    name = str(parameter.name)
    empty = value in ("", ("",))
    named[name] = DEFAULTS[name] if empty else value


def by_option(invalid: Invalid) -> Invalid:
    """The complaints, each with its option before it where the sentence alone does not say what it is about."""
    return Invalid(
        {
            name: f"--{name.replace('_', '-')}: {sentence}" if name in OPENID or name == "client_id" else sentence
            for name, sentence in invalid.complaints.items()
        }
    )

"""Client metadata, a line a member (RFC 7591 §2, OpenID Connect Registration §2, the logout specifications, RFC 9101 §10.5).

From these lines come what /register reads and answers, what is complained of, the options of `iam client`, and the form of an
application; docs/reference/client_metadata.md is held against them.
"""

from collections.abc import Mapping
from typing import Any, Final, get_type_hints

import attrs
from attrs import evolve, field, frozen

from iam.records.member import KEY, Member, Who, member, of

PUBLIC_SUBJECT: Final = "public"
PAIRWISE: Final = "pairwise"

# Where the claims are said that scopes stand for: at UserInfo alone (OpenID Connect Core §5.4), or in the ID token too.
AT_USERINFO: Final = "userinfo"
BY_SCOPES: Final = "scopes"
WEB: Final = "web"
NATIVE: Final = "native"


@frozen
class Metadata:
    """What may be set on a client; None: not said."""

    name: str = field(
        metadata=of(
            "name",
            "The name that people read when they are asked to allow it.",
            "Name",
            place=1,
            name="client_name",
            option="name",
        )
    )
    auth_method: str = field(
        metadata=of(
            "auth_method",
            "How it proves itself; none: a public client.",
            name="token_endpoint_auth_method",
            option="auth-method",
        )
    )
    grant_types: tuple[str, ...] = field(
        metadata=of("grant_types", "How it gets its tokens.", "Grant types", place=2, empty=True, option="grant-type")
    )
    redirect_uris: tuple[str, ...] = field(
        metadata=of(
            "redirect_uris",
            "Where people are sent back to: exactly what it asks for.",
            "Redirect URIs",
            place=3,
            empty=True,
            option="redirect-uri",
        )
    )
    scopes: tuple[str, ...] = field(metadata=of("scopes", "What it may ask for.", "Scopes", place=5, name="scope"))

    post_logout_redirect_uris: tuple[str, ...] = member(
        "addresses",
        "Where people may be sent back to when they have logged out here.",
        "Post-logout redirect URIs",
        place=4,
        empty=True,
        option="post-logout-redirect-uri",
        default=(),
    )
    require_pkce: bool = member(
        "",
        "Refuse its requests without PKCE.",
        "Require PKCE from this application even though it has a secret",
        place=6,
        who_may_set=Who.OWNER,
        default=False,
    )
    introspect_any: bool = member(
        "",
        "It may introspect the tokens of every client: a resource server.",
        who_may_set=Who.ADMINISTRATOR,
        default=False,
    )
    token_endpoint_auth_signing_alg: str | None = member(
        "proof_algorithm",
        "What it signs with, if it signs to prove itself (any that fits its keys).",
        option="signing-alg",
    )
    jwks: Mapping[str, Any] | None = member("keys", "Its public keys, for private_key_jwt and for encryption.")
    jwks_uri: str | None = member("keys_address", "Where its public keys are, instead.")
    application_type: str = member(
        "application_type",
        "web or native; found out by the redirect URIs where it is not said.",
        wish=True,
        default=WEB,
    )
    contacts: tuple[str, ...] = member("lines", "Whom to write to about it.", wish=True, default=())
    client_uri: str | None = member("link", "Its page, shown as a link when people are asked to allow it.", wish=True)
    logo_uri: str | None = member(
        "link", "Its logo, shown as a link, and as a picture if it is at the host that people are sent to.", wish=True
    )
    policy_uri: str | None = member("link", "What it does with people's data, shown as a link.", wish=True)
    tos_uri: str | None = member("link", "Its terms of service, shown as a link.", wish=True)
    software_id: str | None = member("line", "Which software it is.", wish=True)
    software_version: str | None = member("line", "Of which version.", wish=True)
    subject_type: str = member(
        "subject_type",
        "By which name it knows a person: the one that all know, or one of its sector's own. "
        "Changing it makes strangers of all it knows.",
        "Subject type",
        default=PUBLIC_SUBJECT,
    )
    sector_identifier_uri: str | None = member(
        "fetched", "A JSON array of the redirect URIs of all clients of its sector."
    )
    # The host under which pairwise subjects are made (Core §8.1), as it was found at the registration.
    sector: str | None = member("", "The host that stands for its sector.", who_may_set=Who.NOBODY)
    id_token_signed_response_alg: str = member(
        "our_algorithm", "What its ID tokens are signed with (RS256).", "ID token algorithm", default="RS256"
    )
    id_token_encrypted_response_alg: str | None = member(
        "encryption", "With what the key is encrypted that its ID tokens are encrypted with."
    )
    id_token_encrypted_response_enc: str | None = member(
        "encoding", "With what its ID tokens are encrypted (A128CBC-HS256)."
    )
    userinfo_signed_response_alg: str | None = member(
        "our_algorithm", "What UserInfo is signed with (not at all: plain JSON)."
    )
    userinfo_encrypted_response_alg: str | None = member(
        "encryption", "With what the key is encrypted that UserInfo is encrypted with."
    )
    userinfo_encrypted_response_enc: str | None = member("encoding", "With what UserInfo is encrypted (A128CBC-HS256).")
    request_object_signing_alg: str | None = member(
        "request_object_algorithm", "What it signs its request objects with (any that fits its keys)."
    )
    request_object_encryption_alg: str | None = member(
        "encryption_to_us", "With what it may encrypt the key of its request objects."
    )
    request_object_encryption_enc: str | None = member("encoding", "With what it may encrypt its request objects.")
    require_signed_request_object: bool = member("", "Refuse its requests without a request object.", default=False)
    request_uris: tuple[str, ...] = member("request_uris", "Where its request objects may be.", default=())
    default_max_age: int | None = member("seconds", "People must have logged in within so many seconds.")
    require_auth_time: bool = member("", "Say in its ID tokens when people logged in.", default=False)
    default_acr_values: tuple[str, ...] = member("words", "How people should log in.", wish=True, default=())
    initiate_login_uri: str | None = member(
        "https", "Where people begin to log in to it who are not there yet.", "Initiate login URI"
    )
    backchannel_logout_uri: str | None = member(
        "fetched", "Where this server tells it that a person has logged out.", "Back-channel logout URI"
    )
    backchannel_logout_session_required: bool = member("", "Tell it which session that was.", default=False)
    frontchannel_logout_uri: str | None = member(
        "beside_redirects",
        "A page of it that the person's browser loads at the logout, at the address of a redirect URI.",
        "Front-channel logout URI",
    )
    frontchannel_logout_session_required: bool = member("", "Tell that page which session it was.", default=False)
    id_token_claims: str = member(
        "claims_place",
        "Where the claims of its scopes are: at UserInfo alone, or in its ID tokens too.",
        who_may_set=Who.ADMINISTRATOR,
        default=AT_USERINFO,
    )
    allow_http_redirects: bool = member(
        "",
        "Its redirect URIs may be http at private addresses and at host names without a dot: whoever is on the way reads along.",
        who_may_set=Who.ADMINISTRATOR,
        default=False,
    )
    left_out: Mapping[str, str] = field(factory=dict)  # what it asked for and did not get, by member

    @property
    def pairwise(self) -> bool:
        """Does the client get another `sub` of each person than clients of other sectors?"""
        return self.subject_type == PAIRWISE

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where people may be sent back to, from a login or a logout."""
        return (*self.redirect_uris, *self.post_logout_redirect_uris)


def described(attribute: "attrs.Attribute[Any]", types: Mapping[str, Any]) -> Member:
    """What there is to know of the member that is this attribute."""
    known: Member = attribute.metadata[KEY]
    empty: Any = "" if types[attribute.name] is str else ()
    default = empty if attribute.default is attrs.NOTHING else attribute.default
    name = known.name or attribute.name
    option = known.option or name.replace("_", "-")
    return evolve(
        known, name=name, option=option, attribute=attribute.name, type=types[attribute.name], default=default
    )


TYPES: Final = get_type_hints(Metadata)
MEMBERS: Final = tuple(described(each, TYPES) for each in attrs.fields(Metadata) if KEY in each.metadata)

# Columns of their own: statements ask for these.
COLUMNS: Final = tuple(each.name for each in attrs.fields(Metadata) if each.default is attrs.NOTHING)
DEFAULTS: Final[Mapping[str, Any]] = {each.attribute: each.default for each in MEMBERS if each.attribute not in COLUMNS}


def document(metadata: Metadata) -> dict[str, Any]:
    """What differs from the defaults, as JSON has it, but for what has a column of its own."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, default in DEFAULTS.items()
        if (value := getattr(metadata, name)) != default
    }


def change(metadata: Metadata, said: Mapping[str, object]) -> Metadata:
    """The metadata with these members, which are named as its attributes are."""
    given: dict[str, Any] = dict(said)
    return attrs.evolve(metadata, **given)


def members(document: Mapping[str, Any]) -> dict[str, Any]:
    """The members in a document; those that this version does not know are left out."""
    known = {name: document[name] for name in DEFAULTS if name in document}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}

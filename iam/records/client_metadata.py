"""Client metadata, a line a member (RFC 7591 §2, OpenID Connect Registration §2, the logout specifications, RFC 9101 §10.5).

These lines produce what /register reads and answers, the complaints, the options of `iam client`, and the form of an
application; docs/reference/client_metadata.md is held against them.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar, get_type_hints

import attrs
from attrs import evolve, field, frozen

from iam.records.member import KEY, Member, Who, about, member

PUBLIC_SUBJECT: Final = "public"
PAIRWISE: Final = "pairwise"

# Where the claims of scopes are returned: from UserInfo alone (OpenID Connect Core §5.4), or in the ID token too.
AT_USERINFO: Final = "userinfo"
BY_SCOPES: Final = "scopes"
NOWHERE: Final = "none"
WEB: Final = "web"
NATIVE: Final = "native"


M = TypeVar("M", bound="Metadata")


@frozen
class Metadata:
    """The metadata of a client; None means that a member is not set."""

    name: str = field(
        metadata=about("name", "The name that people read.", "Name", place=1, name="client_name", option="name")
    )
    auth_method: str = field(
        metadata=about(
            "auth_method",
            "How it authenticates; none makes it a public client.",
            name="token_endpoint_auth_method",
            option="auth-method",
        )
    )
    grant_types: tuple[str, ...] = field(
        metadata=about("grant_types", "How it gets its tokens.", "Grant types", place=2, option="grant-type")
    )
    redirect_uris: tuple[str, ...] = field(
        metadata=about(
            "redirect_uris",
            "Where people are sent back to. Requests name one of these exactly.",
            "Redirect URIs",
            place=3,
            option="redirect-uri",
        )
    )
    scopes: tuple[str, ...] = field(metadata=about("scopes", "What it may ask for.", "Scopes", place=5, name="scope"))
    post_logout_redirect_uris: tuple[str, ...] = member(
        "addresses",
        "Where people may be sent back to when they have logged out here.",
        "Post-logout redirect URIs",
        place=4,
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
        "proof_algorithm", "Signs the JWTs by which it authenticates (any that fits its keys).", option="signing-alg"
    )
    jwks: Mapping[str, Any] | None = member(
        "keys", "Its public keys, for private_key_jwt, self_signed_tls_client_auth and encryption."
    )
    jwks_uri: str | None = member("keys_address", "Where its public keys are, instead.")
    application_type: str = member(
        "application_type", "web or native; by default what its redirect URIs show.", wish=True, default=WEB
    )
    contacts: tuple[str, ...] = member("lines", "Whom to write to about it.", wish=True, default=())
    client_uri: str | None = member("link", "Its page, shown as a link when people are asked to allow it.", wish=True)
    logo_uri: str | None = member(
        "link", "Its logo, shown as a link, and as a picture if it is at the host that people are sent to.", wish=True
    )
    accent: str | None = member(
        "colour",
        "The colour of buttons and links where people log in for it and are asked.",
        "Colour",
        who_may_set=Who.OWNER,
    )
    policy_uri: str | None = member("link", "What it does with people's data, shown as a link.", wish=True)
    tos_uri: str | None = member("link", "Its terms of service, shown as a link.", wish=True)
    software_id: str | None = member("line", "An identifier of its software.", wish=True)
    software_version: str | None = member("line", "The version of its software.", wish=True)
    subject_type: str = member(
        "subject_type",
        "By which name does it know a person? To change it makes strangers of all it knows.",
        "Subject type",
        default=PUBLIC_SUBJECT,
    )
    sector_identifier_uri: str | None = member(
        "fetched", "Where there is a JSON array of the redirect URIs of all clients of its sector."
    )
    # as it was found at the registration (OpenID Connect Core §8.1)
    sector: str | None = member("", "The host under which pairwise subjects are made.", who_may_set=Who.NOBODY)
    id_token_signed_response_alg: str = member(
        "our_algorithm", "Signs its ID tokens (RS256).", "ID token algorithm", default="RS256"
    )
    id_token_encrypted_response_alg: str | None = member("encryption", "Encrypts the key of its ID tokens (none).")
    id_token_encrypted_response_enc: str | None = member("encoding", "Encrypts its ID tokens (A128CBC-HS256).")
    userinfo_signed_response_alg: str | None = member("our_algorithm", "Signs UserInfo (none: plain JSON).")
    userinfo_encrypted_response_alg: str | None = member("encryption", "Encrypts the key of UserInfo (none).")
    userinfo_encrypted_response_enc: str | None = member("encoding", "Encrypts UserInfo (A128CBC-HS256).")
    authorization_signed_response_alg: str = member(
        "our_algorithm", "Signs its authorization responses, where it asks for JWTs (RS256).", default="RS256"
    )
    authorization_encrypted_response_alg: str | None = member(
        "encryption", "Encrypts the key of its authorization responses (none)."
    )
    authorization_encrypted_response_enc: str | None = member(
        "encoding", "Encrypts its authorization responses (A128CBC-HS256)."
    )
    introspection_signed_response_alg: str = member(
        "our_algorithm", "Signs the answers of introspection, where it asks for JWTs (RS256).", default="RS256"
    )
    introspection_encrypted_response_alg: str | None = member(
        "encryption", "Encrypts the key of such answers of introspection (none)."
    )
    introspection_encrypted_response_enc: str | None = member(
        "encoding", "Encrypts such answers of introspection (A128CBC-HS256)."
    )
    request_object_signing_alg: str | None = member(
        "request_object_algorithm", "Signs its request objects (any that fits its keys)."
    )
    request_object_encryption_alg: str | None = member("encryption_to_us", "Encrypts the key of its request objects.")
    request_object_encryption_enc: str | None = member("encoding", "Encrypts its request objects.")
    require_signed_request_object: bool = member("", "Refuse its requests without a request object.", default=False)
    require_pushed_authorization_requests: bool = member(
        "", "Refuse its requests unless it has pushed them (RFC 9126).", default=False
    )
    request_uris: tuple[str, ...] = member("request_uris", "Where its request objects may be.", default=())
    dpop_bound_access_tokens: bool = member(
        "", "Give it no tokens but those that are bound to a key of its own (DPoP).", default=False
    )
    tls_client_auth_subject_dn: str | None = member(
        "certificate_subject",
        "The subject of its certificate, as in CN=client,O=Example (RFC 4514), for tls_client_auth.",
    )
    tls_client_auth_san_dns: str | None = member(
        "certificate_subject", "Instead, a DNS name among the alternative names of its certificate."
    )
    tls_client_auth_san_uri: str | None = member(
        "certificate_subject", "Instead, a URI among the alternative names of its certificate."
    )
    tls_client_auth_san_ip: str | None = member(
        "certificate_subject", "Instead, an IP address among the alternative names of its certificate."
    )
    tls_client_auth_san_email: str | None = member(
        "certificate_subject", "Instead, an e-mail address among the alternative names of its certificate."
    )
    tls_client_certificate_bound_access_tokens: bool = member(
        "", "Give it no tokens but those that are bound to the certificate of its connection.", default=False
    )
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
        "A page of it that people's browsers load when they log out, at the address of a redirect URI.",
        "Front-channel logout URI",
    )
    frontchannel_logout_session_required: bool = member("", "Tell that page which session it was.", default=False)
    trusted: bool = member(
        "",
        "It gets what it asks for without asking people, but not offline_access, restricted scopes or iam:*. Of a public "
        "client on people's machines, any program there can stand in for it.",
        who_may_set=Who.ADMINISTRATOR,
        default=False,
    )
    id_token_claims: str = member(
        "claims_place",
        "Where the claims of its scopes are: at UserInfo alone, or in its ID tokens too.",
        who_may_set=Who.ADMINISTRATOR,
        default=AT_USERINFO,
    )
    access_token_claims: str = member(
        "access_token_claims",
        "Whether its access tokens (JWTs, and at introspection) have the claims of the scopes groups and roles: none or scopes.",
        who_may_set=Who.ADMINISTRATOR,
        default=NOWHERE,
    )
    acr: str | None = member(
        "level",
        "How well people must have proved who they are to use it: 1 for a password, 2 for two factors, phr for a passkey (1).",
        who_may_set=Who.ADMINISTRATOR,
    )
    fapi_profile: str | None = member(
        "fapi_profile",
        "Refuse what is weaker than FAPI 2.0: fapi2 for its Security Profile, fapi2-signed for Message Signing too (none).",
        who_may_set=Who.ADMINISTRATOR,
    )
    allow_http_redirects: bool = member(
        "",
        "Its redirect URIs may be http at private addresses and at host names without a dot: whoever is on the way reads along.",
        who_may_set=Who.ADMINISTRATOR,
        default=False,
    )
    left_out: Mapping[str, str] = field(factory=dict)  # members that it asked for and did not get, with the reasons

    @property
    def pairwise(self) -> bool:
        """Whether the client gets another `sub` for each person than clients of other sectors."""
        return self.subject_type == PAIRWISE

    @property
    def native(self) -> bool:
        """Whether the client runs on people's own devices (OpenID Connect Registration §2)."""
        return self.application_type == NATIVE

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses that people may be sent back to, after a login or a logout."""
        return (*self.redirect_uris, *self.post_logout_redirect_uris)


def describe(attribute: "attrs.Attribute[Any]", kind: Any) -> Member:
    """Returns the member of this attribute, with its name, option, type and default filled in."""
    given: Member = attribute.metadata[KEY]
    name = given.name or attribute.name
    option = given.option or name.replace("_", "-")
    default = kind() if attribute.default is attrs.NOTHING else attribute.default
    return evolve(given, name=name, option=option, attribute=attribute.name, type=kind, default=default)


TYPES: Final = get_type_hints(Metadata)
MEMBERS: Final = tuple(describe(each, TYPES[each.name]) for each in attrs.fields(Metadata) if KEY in each.metadata)

# Members with a column of their own, which statements compare.
COLUMNS: Final = tuple(each.name for each in attrs.fields(Metadata) if each.default is attrs.NOTHING)
DEFAULTS: Final[Mapping[str, Any]] = {each.attribute: each.default for each in MEMBERS if each.attribute not in COLUMNS}


def document(metadata: Metadata) -> dict[str, Any]:
    """Returns the JSON document of the members that differ from their defaults and have no column of their own."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, default in DEFAULTS.items()
        if (value := getattr(metadata, name)) != default
    }


def change(metadata: Metadata, said: Mapping[str, object]) -> Metadata:
    """Returns the metadata with some members replaced; they are named like the attributes."""
    given: dict[str, Any] = dict(said)
    return attrs.evolve(metadata, **given)


def members(document: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the members in a document, without those that this version does not know."""
    known = {name: document[name] for name in DEFAULTS if name in document}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}


def changed(metadata: M, said: Mapping[str, Any]) -> M:
    """Returns the metadata, or the client, with these members, by attribute."""
    return evolve(metadata, **said)

"""The form of an application: what RFC 7591 and OpenID Connect call client metadata, in words."""

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve
from wtforms import BooleanField, Form, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from iam.clients.registrants import Registrant
from iam.oauth.grant_types import offered
from iam.people.invalid import Invalid
from iam.records.client import Client
from iam.records.client_metadata import DEFAULTS, Metadata

CONFIDENTIAL, PUBLIC = "confidential", "public"
AUTH_METHODS = {CONFIDENTIAL: "client_secret_basic", PUBLIC: "none"}
CLIENT_TYPES = [
    SelectChoice(CONFIDENTIAL, "Confidential: It runs on a server and can keep a secret"),
    SelectChoice(PUBLIC, "Public: It runs in a browser or on a person's device and cannot; it must use PKCE"),
]
GRANT_TYPES = [SelectChoice(each.name, each.label) for each in offered()]
SUBJECT_TYPES = [
    SelectChoice("public", "Public: By the name that all applications know"),
    SelectChoice(
        "pairwise",
        "Pairwise: By a name of its own, so that applications cannot find out that they know the same person",
    ),
]
ALGORITHMS = [
    SelectChoice("RS256", "RS256: Every library knows it"),
    SelectChoice("ES256", "ES256: Shorter, and faster to sign"),
    SelectChoice("PS256", "PS256: RSA as it is done today"),
    SelectChoice("EdDSA", "EdDSA: Shorter too, for libraries that know it"),
]
SCOPES = ["openid", "profile", "email", "read", "write"]

# The fields that stand in the part for OpenID Connect.
OPENID = (
    "subject_type",
    "id_token_signed_response_alg",
    "backchannel_logout_uri",
    "frontchannel_logout_uri",
    "initiate_login_uri",
)


class ApplicationForm(Form):  # type: ignore[misc]
    """What its owner says of an application."""

    name = StringField("Name", description="People read it when they are asked to allow the application.")
    client_type = RadioField(
        "Client type",
        choices=CLIENT_TYPES,
        default=CONFIDENTIAL,
        description="Can the application keep a secret?",
        validate_choice=False,
    )
    grant_types = SelectMultipleField(
        "Grant types",
        choices=GRANT_TYPES,
        default=[choice.value for choice in GRANT_TYPES],
        description="How the application gets its tokens.",
        validate_choice=False,
    )
    redirect_uris = TextAreaField(
        "Redirect URIs",
        description="Where people are sent back to, one address a line. It must be exactly what the application asks for.",
    )
    post_logout_redirect_uris = TextAreaField(
        "Post-logout redirect URIs",
        description="Where people may be sent back to when they have logged out here, one address a line.",
    )
    scopes = SelectMultipleField(
        "Scopes", default=SCOPES, description="What the application may ask for.", validate_choice=False
    )
    require_pkce = BooleanField("Require PKCE from this application even though it has a secret")
    subject_type = RadioField(
        "Subject type",
        choices=SUBJECT_TYPES,
        default="public",
        description="By which name does the application know a person? Changing it makes strangers of all it knows.",
        validate_choice=False,
    )
    id_token_signed_response_alg = RadioField(
        "ID token algorithm",
        choices=ALGORITHMS,
        default="RS256",
        description="What ID tokens are signed with.",
        validate_choice=False,
    )
    backchannel_logout_uri = StringField(
        "Back-channel logout URI", description="Where this server tells the application that a person has logged out."
    )
    frontchannel_logout_uri = StringField(
        "Front-channel logout URI",
        description="A page of the application that the person's browser loads when they log out, at the address of a "
        "redirect URI.",
    )
    initiate_login_uri = StringField(
        "Initiate login URI", description="Where people begin to log in to the application who are not there yet."
    )

    @property
    def openid_wrong(self) -> bool:
        """Is there an error in the part for OpenID Connect?"""
        return any(self[name].errors for name in OPENID)


def filled(client: Any) -> ApplicationForm:
    """The form with what there is of an application."""
    return ApplicationForm(
        name=client.name,
        client_type=CONFIDENTIAL if client.confidential else PUBLIC,
        grant_types=list(client.grant_types),
        redirect_uris="\n".join(client.redirect_uris),
        post_logout_redirect_uris="\n".join(client.post_logout_redirect_uris),
        scopes=list(client.scopes),
        require_pkce=client.require_pkce,
        **{name: getattr(client, name) for name in OPENID},
    )


def differences(form: ApplicationForm, client: Any) -> list[tuple[str, str]]:
    """What is there now of an application where the form says something else, by the labels of the fields."""
    now = filled(client)
    return [
        (field.label.text, written(now[field.name].data))
        for field in form
        if written(field.data) != written(now[field.name].data)
    ]


def written(value: Any) -> str:
    """What a field holds, for people."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return " ".join(sorted(value) if isinstance(value, list) else (value or "").split())


def parse(form: ApplicationForm, client: Client | None) -> Metadata:
    """What a form asks for; what is not on it stays as it is, and an empty field says nothing. Raises Invalid."""
    if form.client_type.data not in AUTH_METHODS:
        raise Invalid({"client_type": "Choose one of the two."})
    said: dict[str, Any] = {
        "name": form.name.data or "",
        "grant_types": tuple(form.grant_types.data or ()),
        "redirect_uris": lines(form.redirect_uris.data),
        "post_logout_redirect_uris": lines(form.post_logout_redirect_uris.data),
        "scopes": tuple(form.scopes.data or ()),
        "require_pkce": bool(form.require_pkce.data),
        **{name: form[name].data or DEFAULTS[name] for name in OPENID},
    }
    return evolve(client, **said) if client else Metadata(auth_method=AUTH_METHODS[form.client_type.data], **said)


def offer(form: ApplicationForm, registrant: Registrant, scopes: Iterable[Any]) -> None:
    """Let the form offer what its person may have."""
    form.scopes.choices = [
        SelectChoice(scope.name, scope.description) for scope in scopes if registrant.may_have(scope)
    ]
    form.grant_types.choices = [choice for choice in GRANT_TYPES if registrant.may_use(choice.value)]


def lines(text: str | None) -> tuple[str, ...]:
    """The addresses in a field."""
    return tuple((text or "").split())


def by_field(complaints: Mapping[str, str]) -> dict[str, str]:
    """The complaints, that about the sector at the field which made it necessary."""
    return {"subject_type" if name == "sector_identifier_uri" else name: said for name, said in complaints.items()}

"""The form of an application: what RFC 7591 and OpenID Connect call client metadata, in words."""

from collections.abc import Iterable, Mapping

from wtforms import BooleanField, Field, Form, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from iam.clients.registrants import Registrant
from iam.oauth.grant_types import offered
from iam.records.client import Client
from iam.records.client_metadata import MEMBERS, Metadata, change
from iam.records.invalid import Invalid
from iam.records.member import Member
from iam.records.scope import Scope

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

CHOICES = {
    "grant_types": GRANT_TYPES,
    "scopes": None,  # which there are, is known when the form is shown
    "subject_type": SUBJECT_TYPES,
    "id_token_signed_response_alg": ALGORITHMS,
}
USUAL = {"grant_types": [each.name for each in offered() if each.usual], "scopes": SCOPES}

Value = bool | str | list[str]  # of a field
Stored = bool | str | tuple[str, ...]  # of a member

ON_THE_FORM = sorted(
    (each for each in MEMBERS if each.form_label is not None), key=lambda each: each.place or len(MEMBERS)
)


class ApplicationForm(Form):  # type: ignore[misc]
    """What its owner says of an application: a field for each member that has a label."""

    client_type = RadioField(
        "Client type",
        choices=CLIENT_TYPES,
        default=CONFIDENTIAL,
        description="Can the application keep a secret?",
        validate_choice=False,
    )

    @property
    def first(self) -> list[Field]:
        """The fields above the details."""
        return [self[each.attribute] for each in ON_THE_FORM if each.place]

    @property
    def details(self) -> list[Field]:
        """The fields of OpenID Connect."""
        return [self[each.attribute] for each in ON_THE_FORM if not each.place]

    @property
    def details_wrong(self) -> bool:
        """Is there an error among the details?"""
        return any(field.errors for field in self.details)


def field(member: Member) -> Field:
    """The field of a member: a box to tick, some to choose among, an address a line, or a line."""
    name, told = member.attribute, {"label": member.form_label, "description": member.help}
    if member.type is bool:
        return BooleanField(member.form_label)
    if name in CHOICES:
        kind = SelectMultipleField if member.several else RadioField
        default = USUAL.get(name, member.default)
        return kind(choices=CHOICES[name], default=default, validate_choice=False, **told)
    if member.several:
        return TextAreaField(member.form_label, description=f"{member.help} One address a line.")
    return StringField(**told)


for each in ON_THE_FORM:
    setattr(ApplicationForm, each.attribute, field(each))


def fill(client: Client) -> ApplicationForm:
    """The form with what there is of an application."""
    told = {each.attribute: convert(each, getattr(client, each.attribute)) for each in ON_THE_FORM}
    return ApplicationForm(client_type=CONFIDENTIAL if client.confidential else PUBLIC, **told)


def convert(member: Member, value: Stored | None) -> Value | None:
    """The value of a member as its field has it."""
    if not isinstance(value, tuple):
        return value
    return list(value) if member.attribute in CHOICES else "\n".join(value)


def differences(form: ApplicationForm, client: Client) -> list[tuple[str, str]]:
    """What is there now of an application where the form says something else, by the labels of the fields."""
    now = fill(client)
    return [
        (field.label.text, write(now[field.name].data))
        for field in form
        if write(field.data) != write(now[field.name].data)
    ]


def write(value: Value | None) -> str:
    """What a field holds, for people."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return " ".join(sorted(value) if isinstance(value, list) else (value or "").split())


def parse(form: ApplicationForm, client: Client | None) -> Metadata:
    """What a form asks for; what is not on it stays as it is, and an empty field says nothing. Raises Invalid."""
    if form.client_type.data not in AUTH_METHODS:
        raise Invalid({"client_type": "Choose one of the two."})
    method = AUTH_METHODS[form.client_type.data]
    before = client or Metadata(name="", auth_method=method, grant_types=(), redirect_uris=(), scopes=())
    said = {each.attribute: read(each, form[each.attribute].data) for each in ON_THE_FORM}
    return change(before, said)


def read(member: Member, data: Value | None) -> object:
    """What a field says of its member."""
    if not member.several:
        return data or member.default
    words = data.split() if isinstance(data, str) else data
    return tuple(words) if isinstance(words, list) else ()


def offer(form: ApplicationForm, registrant: Registrant, scopes: Iterable[Scope]) -> None:
    """Let the form offer what its person may have."""
    form.scopes.choices = [
        SelectChoice(scope.name, scope.description) for scope in scopes if registrant.may_have(scope)
    ]
    form.grant_types.choices = [choice for choice in GRANT_TYPES if registrant.may_use(choice.value)]


def by_field(complaints: Mapping[str, str]) -> dict[str, str]:
    """The complaints, that about the sector at the field which made it necessary."""
    return {"subject_type" if name == "sector_identifier_uri" else name: said for name, said in complaints.items()}

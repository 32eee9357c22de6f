"""The form of an application: client metadata (RFC 7591, OpenID Connect Registration) in words."""

from collections.abc import Iterable, Mapping

from wtforms import BooleanField, Field, Form, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from iam.clients.registrants import Registrant
from iam.oauth.grant_types import offered
from iam.pages.scope_choices import scope_choices
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
    SelectChoice("Ed25519", "Ed25519: The same by its new name, for libraries that know that"),
]
SCOPES = ["openid", "profile", "email", "read", "write"]

CHOICES = {
    "grant_types": GRANT_TYPES,
    "scopes": None,  # known only when the form is shown
    "subject_type": SUBJECT_TYPES,
    "id_token_signed_response_alg": ALGORITHMS,
}
USUAL = {"grant_types": [each.name for each in offered() if each.usual], "scopes": SCOPES}

Value = bool | str | list[str]  # of a form field
Stored = bool | str | tuple[str, ...]  # of a metadata member

ON_THE_FORM = sorted(
    (each for each in MEMBERS if each.form_label is not None), key=lambda each: each.place or len(MEMBERS)
)


class ApplicationForm(Form):  # type: ignore[misc]
    """The owner's form, with a field for each member of client metadata that has a label."""

    @property
    def first(self) -> list[Field]:
        """Returns the fields above the details."""
        return [self[each.attribute] for each in ON_THE_FORM if each.place]

    @property
    def details(self) -> list[Field]:
        """Returns the fields of the details, about OpenID Connect."""
        return [self[each.attribute] for each in ON_THE_FORM if not each.place]

    @property
    def details_wrong(self) -> bool:
        """Whether a field of the details has an error."""
        return any(field.errors for field in self.details)


def field(member: Member) -> Field:
    """Returns the field of a member: a box to tick, a choice, a text with one address a line, or one line."""
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


# In the order of the page, on which the name is first.
for each in ON_THE_FORM:
    setattr(ApplicationForm, each.attribute, field(each))
    if each.attribute == "name":
        ApplicationForm.client_type = RadioField(
            "Client type",
            choices=CLIENT_TYPES,
            default=CONFIDENTIAL,
            description="Can the application keep a secret?",
            validate_choice=False,
        )


def fill(client: Client) -> ApplicationForm:
    """Returns the form with the values of an existing application."""
    told = {each.attribute: convert(each, getattr(client, each.attribute)) for each in ON_THE_FORM}
    return ApplicationForm(client_type=CONFIDENTIAL if client.confidential else PUBLIC, **told)


def convert(member: Member, value: Stored | None) -> Value | None:
    """Returns the value of a member as its field holds it."""
    if not isinstance(value, tuple):
        return value
    return list(value) if member.attribute in CHOICES else "\n".join(value)


def differences(form: ApplicationForm, client: Client) -> list[tuple[str, str]]:
    """Returns the labels of the fields whose values differ from the application's, with the latter's values."""
    now = fill(client)
    return [
        (field.label.text, write(now[field.name].data))
        for field in form
        if write(field.data) != write(now[field.name].data)
    ]


def write(value: Value | None) -> str:
    """Returns the value of a field as people read it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return " ".join(sorted(value) if isinstance(value, list) else (value or "").split())


def parse(form: ApplicationForm, client: Client | None) -> Metadata:
    """Returns the metadata that a form asks for; members not on it stay, empty fields reset theirs. Raises Invalid."""
    if form.client_type.data not in AUTH_METHODS:
        raise Invalid({"client_type": "Choose one of the two."})
    method = AUTH_METHODS[form.client_type.data]
    before = client or Metadata(name="", auth_method=method, grant_types=(), redirect_uris=(), scopes=())
    said = {each.attribute: read(each, form[each.attribute].data) for each in ON_THE_FORM}
    return change(before, said)


def read(member: Member, data: Value | None) -> object:
    """Returns the value of a member from its field's data."""
    if not member.several:
        return data or member.default
    words = data.split() if isinstance(data, str) else data
    return tuple(words) if isinstance(words, list) else ()


def offer(form: ApplicationForm, registrant: Registrant, scopes: Iterable[Scope]) -> None:
    """Limits the choices of the form to what this person may have."""
    form.scopes.choices = scope_choices(scope for scope in scopes if registrant.may_have(scope))
    form.grant_types.choices = [choice for choice in GRANT_TYPES if registrant.may_use(choice.value)]


def by_field(complaints: Mapping[str, str]) -> dict[str, str]:
    """Returns the complaints by field; one about the sector goes to the subject type, which requires it."""
    return {"subject_type" if name == "sector_identifier_uri" else name: said for name, said in complaints.items()}

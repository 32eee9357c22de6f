"""The form for a new token, and what it asks for."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from wtforms import Form, RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice

from iam.administration.personal_tokens import Wish
from iam.pages.scope_choices import scope_choices
from iam.records.invalid import complain
from iam.records.scope import Scope
from iam.tokens.personal_scopes import Offer

SEVERAL: Final = frozenset({"scopes"})
NOTHING: Final = ""  # the value that stands for no resource in particular
ENDS: Final = [
    SelectChoice("7", "In a week"),
    SelectChoice("30", "In 30 days"),
    SelectChoice("90", "In 90 days"),
    SelectChoice("365", "In a year"),
]
ANYWHERE: Final = SelectChoice(NOTHING, "Nothing in particular: Whatever takes tokens that are not for one thing alone")
CHOOSE_ONE: Final = "Choose one of these."


class TokenForm(Form):  # type: ignore[misc]
    """The name, scopes, resource and end of a token."""

    name = StringField("Name", description="By this you will know later which program has it, such as backup at home.")
    scopes = SelectMultipleField("What may it do?", validate_choice=False)
    resource = RadioField("What is it for?", default=NOTHING, validate_choice=False)
    ends = RadioField("When does it expire?", choices=ENDS, default="30", validate_choice=False)


def show(form: TokenForm, offer: Offer) -> None:
    """Fills in the choices."""
    form.scopes.choices = scope_choices(offer.scopes)
    form.resource.choices = [ANYWHERE, *(SelectChoice(target.uri, target.uri) for target in offer.resources)]


def wish(form: TokenForm, now: datetime) -> Wish:
    """Returns the token that the form asks for. Raises Invalid for an end that is none of those that are offered."""
    complain(ends=None if form.ends.data in {choice.value for choice in ENDS} else CHOOSE_ONE)
    return Wish(
        form.name.data or "",
        form.scopes.data or [],
        [form.resource.data] if form.resource.data else [],
        now + timedelta(days=int(form.ends.data)),
    )


def by_field(complaints: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Returns the complaints by the fields of the form."""
    return {"ends" if name == "expires_at" else name: sentence for name, sentence in complaints}


def sentences(scope: str, known: dict[str, Scope]) -> list[Scope]:
    """Returns the scopes of a token with their sentences; one that is gone is left out."""
    return [known[name] for name in scope.split(" ") if name in known]

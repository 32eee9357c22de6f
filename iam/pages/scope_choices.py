"""The scopes that a form offers."""

from collections.abc import Iterable
from typing import Final

from wtforms.fields.choices import SelectChoice

from iam.oauth.scopes import ADMINISTRATION
from iam.records.scope import Scope

FOLDED: Final = "Scopes of the administration"  # some forty, which hardly any application needs


def scope_choices(scopes: Iterable[Scope]) -> list[SelectChoice]:
    """Returns a choice for each scope; those of the administration are a group of their own, which pages fold."""
    return [
        SelectChoice(scope.name, scope.description, optgroup=FOLDED if scope.name.startswith(ADMINISTRATION) else None)
        for scope in scopes
    ]

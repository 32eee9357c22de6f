"""Forms of pages: WTForms on strictly parsed parameters."""

from collections.abc import Mapping

from wtforms import Form

from iam.http.parameters import ParsedParameters


class Fields:
    """Parsed parameters with the interface that WTForms expects."""

    def __init__(self, parameters: ParsedParameters) -> None:
        self._parameters = parameters

    def __contains__(self, name: str) -> bool:
        return name in self._parameters

    def __iter__(self) -> object:
        return iter(self._parameters)

    def __len__(self) -> int:
        return max(len(self._parameters), 1)  # an empty form counts as sent too

    def getlist(self, name: str) -> list[str]:
        """Returns every value of a field."""
        return self._parameters.all(name)


def complain(form: Form, complaints: Mapping[str, str]) -> None:
    """Adds each complaint to its field, and those without a field to the form; the first wrong field is to have the focus.

    Forms name their fields in the order of their pages.
    """
    for name, sentence in complaints.items():
        if name in form:
            form[name].errors = [*form[name].errors, sentence]
        else:
            form.form_errors.append(sentence)
    for field in [field for field in form if field.errors][:1]:
        field.render_kw = {"autofocus": True}

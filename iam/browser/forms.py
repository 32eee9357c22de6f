"""Forms of pages: WTForms over our strictly parsed parameters."""

from collections.abc import Mapping

from wtforms import Form

from iam.http.parameters import ParsedParameters


class Fields:
    """Parameters as WTForms wants them."""

    def __init__(self, parameters: ParsedParameters) -> None:
        self._parameters = parameters

    def __contains__(self, name: str) -> bool:
        return name in self._parameters

    def __iter__(self) -> object:
        return iter(self._parameters)

    def __len__(self) -> int:
        return max(len(self._parameters), 1)  # an empty form was sent all the same

    def getlist(self, name: str) -> list[str]:
        """Every value of a field."""
        return self._parameters.all(name)


def complain(form: Form, complaints: Mapping[str, str]) -> None:
    """Put each complaint next to its field, and one without a field on the whole form."""
    for name, sentence in complaints.items():
        if name in form:
            form[name].errors = [*form[name].errors, sentence]
        else:
            form.form_errors.append(sentence)

"""The error for input that cannot be used."""

from collections.abc import Mapping


class Invalid(Exception):
    """Complaints by field; each is a sentence that says what to do."""

    def __init__(self, complaints: Mapping[str, str]) -> None:
        super().__init__(" ".join(complaints.values()))
        self.complaints = complaints


class Missing(Invalid):
    """What is asked for does not exist, or does not for who asks."""


def complain(**complaints: str | None) -> None:
    """Raises Invalid with the given complaints, if any of them is a sentence."""
    found = {field: sentence for field, sentence in complaints.items() if sentence}
    if found:
        raise Invalid(found)

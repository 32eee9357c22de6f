"""The interface of parsed request parameters."""

from typing import Protocol


class Parameters(Protocol):
    """The parameters of a request by name, parsed strictly; one without a value counts as absent."""

    def get(self, name: str, /) -> str | None:
        """Returns the value of a parameter, or None."""

    def all(self, name: str) -> list[str]:
        """Returns every value of a parameter that may be repeated."""

    def __contains__(self, name: object, /) -> bool: ...

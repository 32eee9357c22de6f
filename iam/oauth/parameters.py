"""The parameters of a request, read strictly."""

from typing import Protocol


class Parameters(Protocol):
    """The parameters of a request by name, read strictly; a blank one is absent."""

    def get(self, name: str, /) -> str | None:
        """The value of a parameter."""

    def all(self, name: str) -> list[str]:
        """Every value of a parameter that may be repeated."""

    def __contains__(self, name: object, /) -> bool: ...

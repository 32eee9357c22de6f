"""Style sheets and pictures."""

from attrs import frozen

from iam.web.answers import Answer
from iam.web.request import Request
from iam.web.templates import Theme


@frozen
class Static:
    """The files of the theme."""

    theme: Theme

    async def get(self, request: Request, name: str) -> Answer:
        """One file."""
        found = self.theme.static(name)
        if found is None:
            raise self.theme.missing()
        return found

"""Style sheets and pictures."""

from attrs import frozen

from iam.web.answers import Answer
from iam.web.parameters import query_text
from iam.web.request import Request
from iam.web.templates import Theme


@frozen
class Static:
    """The files of the theme."""

    theme: Theme

    async def get(self, request: Request, name: str) -> Answer:
        """One file."""
        found = self.theme.static(name, query_text(request))
        if found is None:
            raise self.theme.missing()
        return found

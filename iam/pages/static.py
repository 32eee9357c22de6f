"""Style sheets and pictures."""

from attrs import frozen

from iam.browser.theme import Theme
from iam.http.answers import Answer
from iam.http.parameters import query_text
from iam.http.request import Request


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

"""Style sheets, scripts and pictures."""

from iam.browser.theme import Theme
from iam.http.answers import Answer
from iam.http.parameters import query_text
from iam.http.request import Request
from iam.service import service


@service
class Static:
    """The static files of the theme."""

    theme: Theme

    async def get(self, request: Request, name: str) -> Answer:
        """Returns one file. Raises AnswerNow, 404, if there is none."""
        found = self.theme.static(name, query_text(request))
        if found is None:
            raise self.theme.missing()
        return found

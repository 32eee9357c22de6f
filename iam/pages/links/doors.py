"""What the pages behind links have in common: which link was opened, whether it is good, and the form behind it."""

from typing import Final

from attrs import field, frozen
from wtforms import Form

from iam.browser.theme import Theme
from iam.browser.visitors import Sent, Stale, Visitors
from iam.http.answers import Answer, AnswerNow, Script
from iam.http.parameters import ParameterError, query_parameters
from iam.http.request import Request
from iam.people.links import LinkKind, Links
from iam.records.link import Link
from iam.secrets import minted
from iam.service import service

UNKNOWN: Final = "unknown"
TAKEN: Final = "taken"  # a good link whose address another account has by now


@frozen
class Opened:
    """A good link that somebody has opened, and its secret."""

    kind: LinkKind
    link: Link
    secret: str = field(repr=False)

    @property
    def purpose(self) -> str:
        """What the form behind the link is for: this link alone."""
        return f"{self.kind.word} {minted.digest(self.secret).hex()}"


@service
class Doors:
    """The way in to the pages behind links; a link that is not good leads to a page that says why."""

    links: Links
    visitors: Visitors
    theme: Theme

    async def open(self, request: Request, kind: LinkKind) -> Opened:
        """Returns the link in the address of the request. Raises AnswerNow, 403, unless it is good; changes nothing."""
        secret = given(request)
        link = await self.links.find(kind, secret, request.client_address) if secret else None
        if link is None or link.trouble is not None:
            raise AnswerNow(self._refuse(kind, link))
        return Opened(kind, link, secret)

    def receive(self, request: Request, opened: Opened) -> Sent:
        """Returns the form behind the link. Raises AnswerNow if it does not come from our page."""
        return self.visitors.receive(request, opened.purpose)

    async def ended(self, request: Request, opened: Opened) -> AnswerNow:
        """Returns the refusal to raise for a link that has ended since it was opened."""
        link = await self.links.find(opened.kind, opened.secret, request.client_address)
        return AnswerNow(self._refuse(opened.kind, link))

    def page(
        self,
        request: Request,
        opened: Opened,
        name: str,
        status: int = 200,
        *,
        form: Form | None = None,
        stale: Stale | None = None,
        leaving: bool = False,
    ) -> Answer:
        """Returns a page with the form behind the link; it is `leaving` if the form may end at a client."""
        token, headers = self.visitors.welcome(request, opened.purpose)
        return self.theme.page(
            name,
            status,
            headers,
            leaving=leaving,
            script=Script.PLAIN if form is not None else None,  # it asks for a new password, which a script can show
            link=opened.link,
            secret=opened.secret,
            form=form,
            stale=stale,
            csrf_token=token,
        )

    def _refuse(self, kind: LinkKind, link: Link | None) -> Answer:
        trouble = UNKNOWN if link is None else link.trouble or TAKEN
        return self.theme.page("link_refused.html", 403, kind=kind.word, trouble=trouble)


def given(request: Request) -> str:
    """Returns the secret in the address of the request; "" if there is none."""
    try:
        return query_parameters(request).get("link", "")
    except ParameterError:
        return ""

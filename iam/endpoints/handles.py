"""The handles of pushed requests that browsers bring to the authorization endpoint (RFC 9126 §4)."""

from iam.authorization import pushed_requests
from iam.authorization.pushed_requests import INTERACTION, Asked, PushedRequests
from iam.browser import cookies
from iam.http.request import Request
from iam.oauth.parameters import Parameters
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.service import service
from iam.settings import Settings


@service
class Handles:
    """Gives pushed requests to the browser that brings their handle first, which a cookie of its own tells."""

    requests: PushedRequests
    settings: Settings

    async def take(self, request: Request, outside: Parameters) -> Asked:
        """Returns what is asked: these parameters, or the request whose handle is among them. Raises HandleError."""
        if not pushed_requests.pushed(outside):
            return Asked(outside)
        browser = cookies.read(request, cookies.request_name_of(self.settings)) or minted.mint(Kind.VISITOR)
        asked = await self.requests.take(outside, browser)
        request.given = (cookies.set_request(self.settings, browser, INTERACTION),)
        return asked

    async def read(self, outside: Parameters) -> Asked:
        """Returns the same for a page that only shows who asks. Raises HandleError."""
        return await self.requests.read(outside) if pushed_requests.pushed(outside) else Asked(outside)

    async def answer(self, handle: bytes | None) -> None:
        """Ends the pushed request with this handle, if it was one. Raises HandleError if it was answered before."""
        if handle is not None and not await self.requests.answer(handle):
            raise pushed_requests.refused(None, "one that was answered a moment ago")

"""The authorization response: what the client is told, and in which response mode (RFC 6749 §4.1.2).

OAuth 2.0 Multiple Response Types §2.1 defines the modes. Only this module knows them and writes the URL.
"""

from typing import Final

from attrs import frozen

from iam.clients import redirect_uris

QUERY: Final = "query"
FRAGMENT: Final = "fragment"
FORM_POST: Final = "form_post"
MODES: Final = (QUERY, FRAGMENT, FORM_POST)


@frozen
class AuthorizationResponse:
    """The parameters of the response, and the client's redirect URI."""

    redirect_uri: str
    members: tuple[tuple[str, str], ...]
    mode: str | None = None

    @property
    def posted(self) -> bool:
        """Whether the browser sends the response as a form (Form Post Response Mode)."""
        return self.mode == FORM_POST

    @property
    def location(self) -> str:
        """The redirect URI with the parameters in its query or fragment."""
        return redirect_uris.answering(self.redirect_uri, self.members, fragment=self.mode == FRAGMENT)

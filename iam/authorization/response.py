"""The authorization response: what the client is told, and by which way (RFC 6749 §4.1.2, OAuth 2.0 Multiple Response Types §2.1).

The one place that knows the ways, and that writes an address.
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
    """The members of the answer, and the client's address."""

    redirect_uri: str
    members: tuple[tuple[str, str], ...]
    mode: str | None = None

    @property
    def posted(self) -> bool:
        """Does the browser bring it by a form (Form Post Response Mode)?"""
        return self.mode == FORM_POST

    @property
    def location(self) -> str:
        """The address with the members behind it."""
        return redirect_uris.answering(self.redirect_uri, self.members, fragment=self.mode == FRAGMENT)

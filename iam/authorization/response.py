"""The authorization response: what the client is told, and in which response mode (RFC 6749 §4.1.2).

OAuth 2.0 Multiple Response Types §2.1 defines the modes, and JARM §2.3 those with a JWT. Only this module knows them and writes the URL.
"""

from typing import Final

from attrs import frozen

from iam.clients import redirect_uris

QUERY: Final = "query"
FRAGMENT: Final = "fragment"
FORM_POST: Final = "form_post"
CARRIERS: Final = (QUERY, FRAGMENT, FORM_POST)
JWT: Final = "jwt"  # the response is a JWT, in the default mode of its response type
QUERY_JWT: Final = f"{QUERY}.{JWT}"
FRAGMENT_JWT: Final = f"{FRAGMENT}.{JWT}"
FORM_POST_JWT: Final = f"{FORM_POST}.{JWT}"
SIGNED: Final = (QUERY_JWT, FRAGMENT_JWT, FORM_POST_JWT)
MODES: Final = (*CARRIERS, JWT, *SIGNED)


def signed(mode: str | None) -> bool:
    """Whether the response is a JWT in this mode."""
    return mode in SIGNED


def carrier(mode: str | None) -> str | None:
    """Returns how a response in this mode travels: in the query, in the fragment, or as a form."""
    return mode.removesuffix(f".{JWT}") if mode else None


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

"""Logout requests of relying parties (OpenID Connect RP-Initiated Logout 1.0 §2)."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from iam.clients import redirect_uri_difference, redirect_uris
from iam.clients.directory import Directory
from iam.oauth.reasons import Reason, carrying, shown
from iam.openid import id_tokens
from iam.openid.subjects import Subjects
from iam.records.client import Client
from iam.records.session import Session
from iam.secrets.signing_keys import Keys
from iam.service import service

# The parameters of a logout request. logout_hint and ui_locales have no effect: the session is that of the browser, and
# there is only one language.
PARAMETERS: Final = (
    "id_token_hint",
    "logout_hint",
    "client_id",
    "post_logout_redirect_uri",
    "state",
    "ui_locales",
)


class LogoutError(Exception):
    """A logout request is invalid; the reason can be read at the address of the refusal."""

    error = "invalid_request"


@frozen
class LogoutRequest:
    """A logout request: the client that sent it, where the person goes afterwards, and the claims of our ID token.

    Each is None if the request does not tell it.
    """

    client: Client | None = None
    destination: str | None = None
    hint: Mapping[str, object] | None = None


@service
class LogoutRequests:
    """Reads logout requests."""

    keys: Keys
    directory: Directory
    subjects: Subjects

    async def read(self, parameters: Mapping[str, str]) -> LogoutRequest:
        """Reads a logout request, and accepts only what can be verified; raises LogoutError."""
        hint = await self._hint(parameters.get("id_token_hint"))
        client = await self._client(parameters.get("client_id"), hint)
        return LogoutRequest(client, destination(client, parameters), hint)

    def about(self, request: LogoutRequest, session: Session) -> bool:
        """Checks that the request's ID token is about this session.

        If so, log out without asking: only a client of this session can hold it.
        """
        if request.hint is None or request.client is None:
            return False
        sub = self.subjects.sub(request.client, session.user_id)
        sid = self.subjects.sid(request.client, session.id)
        return (request.hint.get("sub"), request.hint.get("sid")) == (sub, sid)

    async def _hint(self, token: str | None) -> Mapping[str, object] | None:
        """Returns the claims of the ID token, which may have expired; None without one.

        The key that signed it may have expired too, since a session can outlive it. Whoever could still sign with an
        old key would also have to know the session's sid, which no key gives.
        """
        if token is None:
            return None
        claims = await self.keys.verified(token, id_tokens.TYPE, ever=True)
        if claims is None:
            raise refuse("id_token_hint", "an ID token of this server, decrypted if it was encrypted", "none")
        return claims

    async def _client(self, client_id: str | None, hint: Mapping[str, object] | None) -> Client | None:
        """Returns the client that client_id and the ID token name; raises LogoutError if they contradict each other."""
        named = client_id
        if hint is not None:
            audience = hint.get("aud")
            if not isinstance(audience, str) or client_id not in (None, audience):
                raise refuse("client_id", "that of the application which got the ID token", shown(client_id or ""))
            named = audience
        client = await self.directory.find(named) if named else None
        if named and (client is None or not client.enabled):
            raise refuse("client_id", "that of a registered application", shown(named))
        return client


def destination(client: Client | None, parameters: Mapping[str, str]) -> str | None:
    """Returns where the browser goes after the logout, with the state (RP-Initiated Logout §3).

    Raises LogoutError unless the client has registered this address for that.
    """
    uri = parameters.get("post_logout_redirect_uri")
    if uri is None:
        return None
    if client is None:
        expected = "an id_token_hint or a client_id beside it, since it must be registered"
        raise refuse("post_logout_redirect_uri", expected, "neither")
    if not any(redirect_uris.matches(known, uri, native=client.native) for known in client.post_logout_redirect_uris):
        nearest = redirect_uri_difference.refusal(client.post_logout_redirect_uris, uri)
        raise refuse("post_logout_redirect_uri", nearest.expected, nearest.got, client.client_id)
    state = parameters.get("state")
    return uri if state is None else redirect_uris.answering(uri, [("state", state)], fragment=False)


def refuse(check: str, expected: str, got: str, client_id: str | None = None) -> LogoutError:
    """Returns the error with its reason."""
    return carrying(LogoutError(check), Reason(check, expected, got), client_id=client_id)

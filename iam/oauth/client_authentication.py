"""Which client is asking? (RFC 6749 §2.3)"""

from base64 import b64decode
from binascii import Error as Base64Error
from hmac import compare_digest
from urllib.parse import unquote_plus

from attrs import field, frozen
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError

from iam import credentials
from iam.credentials import Kind
from iam.oauth.refusal import Refusal, carrying
from iam.oauth.request import Parameters
from iam.store.clients import Client, Clients


@frozen
class Claimed:
    """Who a request says it is from, and the secret it brings as proof, if any."""

    client_id: str
    secret: str | None = field(default=None, repr=False)


def claimed(parameters: Parameters, authorization: str | None) -> Claimed:
    """Read the client from the Authorization header or the form, never from both (RFC 6749 §2.3.1).

    Raises InvalidRequestError for two methods at once, InvalidClientError for none or one that cannot be read.
    """
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
    if authorization is None:
        if client_id is None:
            raise InvalidClientError("The request names no client.")
        return Claimed(client_id, secret)
    basic = from_basic(authorization)
    if secret is not None:
        raise InvalidRequestError("The request authenticates the client in two ways; use one.")
    if client_id is not None and client_id != basic.client_id:
        raise InvalidClientError("The client of the Authorization header is not the one in client_id.")
    return basic


def from_basic(authorization: str) -> Claimed:
    """HTTP Basic (RFC 7617), with id and secret form-encoded inside (RFC 6749 §2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClientError("The Authorization header must use the Basic scheme here.")
    try:
        client_id, colon, secret = b64decode(encoded.strip(" "), validate=True).decode().partition(":")
        client_id, secret = (unquote_plus(text, errors="strict") for text in (client_id, secret))
    except (Base64Error, ValueError):
        raise InvalidClientError("The Authorization header is not Basic credentials in base64 and UTF-8.") from None
    if not colon or not client_id or not secret or "\0" in client_id + secret:
        raise InvalidClientError("The Authorization header must hold client_id:client_secret.")
    return Claimed(client_id, secret)


def matches(client: Client, secret: str | None) -> bool:
    """Is this one of the client's secrets? Compared by digest, in constant time."""
    if secret is None or not credentials.well_formed(secret, Kind.CLIENT_SECRET):
        return False
    digest = credentials.digest(secret)
    return sum(compare_digest(digest, known) for known in client.secrets) > 0


@frozen
class ClientAuthentication:
    """Authenticates the clients in the store."""

    clients: Clients

    async def confidential(self, claim: Claimed) -> Client | None:
        """The client that proved itself by its secret."""
        client = await self.clients.by_id(claim.client_id)
        if client is None or not client.enabled or not client.confidential or not matches(client, claim.secret):
            return None
        return client

    async def public(self, claim: Claimed) -> Client | None:
        """The public client that is named and, having no secret, brings none (RFC 6749 §2.1)."""
        client = await self.clients.by_id(claim.client_id)
        if client is None or not client.enabled or client.confidential or claim.secret is not None:
            return None
        return client

    async def authenticate(self, claim: Claimed) -> Client:
        """The client, however it authenticates; raises InvalidClientError."""
        client = await (self.public(claim) if claim.secret is None else self.confidential(claim))
        if client is None:
            raise unproved(claim)
        return client


def unproven(claim: Claimed) -> Refusal:
    """Why somebody is not the client that they say they are, as far as can be told without the database."""
    if claim.secret is None:
        return Refusal("client secret", "a secret, unless the application is public", "none", client_id=claim.client_id)
    if not credentials.well_formed(claim.secret, Kind.CLIENT_SECRET):
        got = "not one of this server's: cut off, or another text"
        return Refusal("client secret", "the application's secret", got, client_id=claim.client_id)
    digest = credentials.digest(claim.secret)
    expected = "the application's secret, and none of a public one"
    return Refusal("client secret", expected, "wrong", client_id=claim.client_id, secret_digest=digest)


def unproved(claim: Claimed) -> InvalidClientError:
    """The error for a client that did not prove itself (RFC 6749 §5.2)."""
    return carrying(InvalidClientError("Client authentication failed."), unproven(claim))

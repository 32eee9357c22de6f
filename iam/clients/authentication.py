"""Client authentication (RFC 6749 §2.3).

A client authenticates by the method it is registered for and by no other, except that client_secret_basic and
client_secret_post are interchangeable, since both send the same secret.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from urllib.parse import unquote_plus

from attrs import field, frozen

from iam.clients import assertions, fapi, ids
from iam.clients.assertions import Assertion, ClientAssertions
from iam.clients.certificates import ClientCertificates
from iam.clients.directory import Directory
from iam.clients.slips import copied
from iam.clock import Clock
from iam.oauth.errors import InvalidClientError, InvalidRequestError
from iam.oauth.parameters import Parameters
from iam.oauth.reasons import Reason, carrying
from iam.records.certificate import Certificate
from iam.records.client import BY_CERTIFICATE, BY_SECRET, Client
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.service import service
from iam.throttles.throttle import Throttle

NOT_OURS = "not one of this server's: cut off, or another text"
UNSHOWN = "none on the connection, nor in the header of a proxy that is believed"
TWO_WAYS = "The request authenticates the client in two ways; use one."


@frozen
class Claimed:
    """The client that a request claims to be from, its proof, if any, and the network address that it came from.

    A certificate may be there to bind tokens to: it is a proof only of clients that are registered for that (RFC 8705 §2).
    `undecoded` is the secret as it stood in the Basic header, if decoding changed it: the client may have meant either.
    """

    client_id: str
    secret: str | None = field(default=None, repr=False)
    undecoded: str | None = field(default=None, repr=False)
    assertion: Assertion | None = None
    address: str | None = None
    certificate: Certificate | None = field(default=None, repr=False)

    @property
    def with_proof(self) -> bool:
        """Whether the request has a secret or an assertion."""
        return self.secret is not None or self.assertion is not None


def read_claim(
    parameters: Parameters,
    authorization: str | None,
    address: str | None = None,
    certificate: Certificate | None = None,
) -> Claimed:
    """Reads who a request claims to be from: the Authorization header, the form or an assertion in it (RFC 6749 §2.3).

    Raises InvalidRequestError for two methods at once, InvalidClientError for none or for one that cannot be read.
    """
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
    asserted = "client_assertion" in parameters or "client_assertion_type" in parameters
    if (authorization is not None) + (secret is not None) + asserted > 1:
        raise InvalidRequestError(TWO_WAYS)
    if authorization is not None:
        return agree(read_basic(authorization, address), client_id)
    if asserted:
        return agree(read_assertion(parameters, address), client_id)
    if client_id is None:
        raise InvalidClientError("The request names no client.")
    return Claimed(client_id, secret, address=address, certificate=certificate)


def agree(claim: Claimed, client_id: str | None) -> Claimed:
    """Returns the claim; raises InvalidClientError if the parameter client_id names another client."""
    if client_id not in (None, claim.client_id):
        raise InvalidClientError("The client that authenticates is not the one in client_id.")
    return claim


def read_assertion(parameters: Parameters, address: str | None) -> Claimed:
    """Reads a client assertion from the form (RFC 7521 §4.2).

    Raises InvalidRequestError if a parameter is missing, InvalidClientError if the assertion cannot be read.
    """
    kind, text = parameters.get("client_assertion_type"), parameters.get("client_assertion")
    if kind is None or text is None:
        raise InvalidRequestError("client_assertion and client_assertion_type belong together.")
    if kind != assertions.TYPE:
        raise InvalidClientError(f"The client_assertion_type must be {assertions.TYPE}.")
    assertion = assertions.read(text)
    return Claimed(assertion.subject, assertion=assertion, address=address)


def read_basic(authorization: str, address: str | None) -> Claimed:
    """Reads HTTP Basic credentials (RFC 7617), with id and secret form-encoded inside (RFC 6749 §2.3.1).

    Many clients send them without that encoding, so a + or % in the secret may stand for itself.
    Raises InvalidClientError for another scheme or malformed credentials.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClientError("The Authorization header must use the Basic scheme here.")
    try:
        name, colon, sent = b64decode(encoded.strip(" "), validate=True).decode().partition(":")
        client_id = decode(name)
    except (Base64Error, ValueError):
        raise InvalidClientError("The Authorization header is not Basic credentials in base64 and UTF-8.") from None
    secret = decode_if_encoded(sent)
    if not colon or not client_id or not secret or "\0" in client_id + secret:
        raise InvalidClientError("The Authorization header must hold client_id:client_secret.")
    return Claimed(client_id, secret, undecoded=sent if sent != secret else None, address=address)


def decode(sent: str) -> str:
    """Decodes a form-encoded text. Raises UnicodeDecodeError if the result would not be UTF-8."""
    return unquote_plus(sent, errors="strict") if "%" in sent or "+" in sent else sent


def decode_if_encoded(sent: str) -> str:
    """Decodes a form-encoded secret; returns it unchanged if the result would not be UTF-8."""
    try:
        return decode(sent)
    except UnicodeDecodeError:
        return sent


def describe_method(client: Client) -> str:
    """Returns how the client authenticates, as a phrase for its developers."""
    return (
        f"{client.auth_method}: how this application proves itself"
        if client.confidential
        else "no secret: the application is public"
    )


def describe_proof(claim: Claimed) -> str:
    """Returns which proof a request brought, as a phrase for the client's developers."""
    if claim.secret is not None:
        return "a secret, sent as it is"
    return "none, but the client_id" if claim.certificate is None else "a certificate"


@service
class ClientAuthentication:
    """Authenticates registered clients.

    Only failed attempts count against the limits; a client with a valid secret or assertion is never throttled here.
    """

    directory: Directory
    assertions: ClientAssertions
    clock: Clock
    throttle: Throttle
    certificates: ClientCertificates

    async def confidential(self, claim: Claimed) -> Client | None:
        """Returns the client if its secret, assertion or certificate is valid, None for any other secret or client.

        Raises InvalidClientError for an invalid assertion or certificate, and Throttled after too many failures.
        """
        try:
            client = await self._prove(claim)
        except InvalidClientError:
            await self.throttle.wrong(claim.address, claim.client_id)
            raise
        if client is None and claim.with_proof:
            await self.throttle.wrong(claim.address, claim.client_id)
        return client

    async def _prove(self, claim: Claimed) -> Client | None:
        client = enabled(await self.directory.find(claim.client_id))
        if claim.assertion is not None:
            return await self._by_assertion(client, claim.assertion)
        if claim.secret is None:
            return await self._by_certificate(client, claim.certificate)
        return self._by_secret(client, claim)

    async def named(self, claim: Claimed) -> Client | None:
        """Returns the client that is named without a secret or assertion: a public one, or one that its certificate proves.

        Raises like `confidential`.
        """
        client = enabled(await self.directory.find(claim.client_id))
        if client is None or claim.with_proof:
            return None
        return await self.confidential(claim) if client.confidential else client

    async def authenticate(self, claim: Claimed) -> Client:
        """Returns the client, confidential or public; raises InvalidClientError, Throttled."""
        client = await (self.confidential(claim) if claim.with_proof else self.named(claim))
        if client is None:
            raise refuse_unproven(await self.reason(claim))
        return client

    async def reason(self, claim: Claimed) -> Reason:
        """Returns why the client was not authenticated; only those who answer for the client may read it."""
        client = await self.directory.find(claim.client_id)
        if client is None:
            return await ids.unknown(self.directory, claim.client_id)
        if enabled(client) is None:
            return barred(client)
        if claim.assertion is not None:
            return assertions.refusal("of no application that takes part here", client.id)
        if client.auth_method in BY_CERTIFICATE and claim.certificate is None:
            return Reason("client certificate", describe_method(client), UNSHOWN, client_id=client.id)
        if claim.secret is None or client.auth_method not in BY_SECRET:
            return Reason("client authentication", describe_method(client), describe_proof(claim), client_id=client.id)
        return self._explain_secret(client, claim.secret)

    def _explain_secret(self, client: Client, secret: str) -> Reason:
        """Returns why the secret is wrong: cut off, copied with a slip, or another text."""
        secrets, meant = self.assertions.signatures.secrets, copied(secret)
        expected, ours = "the application's secret", minted.well_formed(secret, Kind.CLIENT_SECRET)
        if secret == client.id:
            got = "the application's id"
        elif meant.slips and secrets.match(client, meant.text, self.clock.now()):
            got = f"the application's, but {meant.told}"
        else:
            got = "; ".join(["wrong" if ours else NOT_OURS, *meant.slips])
        return Reason("client secret", expected, got, client_id=client.id, secret_digest=secrets.digest(secret))

    def _by_secret(self, client: Client | None, claim: Claimed) -> Client | None:
        secrets, now = self.assertions.signatures.secrets, self.clock.now()
        readings = [text for text in (claim.secret, claim.undecoded) if text is not None]
        same = sum([secrets.match(client, text, now) for text in readings]) > 0  # all are compared, for constant time
        return client if client and client.auth_method in BY_SECRET and same else None

    async def _by_certificate(self, client: Client | None, certificate: Certificate | None) -> Client | None:
        if client is None or certificate is None or client.auth_method not in BY_CERTIFICATE:
            return None
        await self.certificates.prove(client, certificate)
        return client

    async def _by_assertion(self, client: Client | None, assertion: Assertion) -> Client | None:
        if client is not None:
            await self.assertions.prove(client, assertion)
        return client


def enabled(client: Client | None) -> Client | None:
    """Returns the client unless it is disabled, or proves itself in a way that is too weak for its profile."""
    return client if client is not None and client.enabled and fapi.authenticates(client) else None


def barred(client: Client) -> Reason:
    """Returns why this client is refused whatever it brings."""
    if not client.enabled:
        return Reason("client", "an application that is enabled", "disabled", client_id=client.id)
    expected = f"{' or '.join(fapi.METHODS)}, as FAPI 2.0 demands"
    return Reason("client authentication", expected, client.auth_method, client_id=client.id)


def refuse_unproven(reason: Reason) -> InvalidClientError:
    """Returns the error for a client that was not authenticated for this reason (RFC 6749 §5.2)."""
    return carrying(InvalidClientError(assertions.UNPROVEN), reason)

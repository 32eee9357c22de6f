"""Encryption of answers to a client that wants it, with the key that the client publishes at the moment."""

from typing import Final

from attrs import frozen

from iam.clients import encryption
from iam.clients.encryption import DEFAULT_ENCODING, EncryptionKey
from iam.clients.keys import ClientKeys
from iam.oauth.errors import CustomOAuth2Error, OAuth2Error
from iam.oauth.reasons import Reason, carrying
from iam.outbound.destinations import FetchError
from iam.records.client import Client
from iam.service import service

CHECK: Final = "encryption to the application"
KEYLESS: Final = (
    "The client wants to be answered with encryption by {alg}, but its key set has no public key for that. "
    "Nothing was used up: publish such a key, and ask again."
)
UNREACHABLE: Final = (
    "The client wants to be answered with encryption, but its keys cannot be fetched from its jwks_uri now. "
    "Nothing was used up: ask again later."
)


@frozen
class Recipient:
    """A client's public key, and the algorithms that the client wants it to be used with."""

    key: EncryptionKey
    alg: str
    enc: str

    def encrypted(self, text: str, *, nested: bool = True) -> str:
        """Returns the text as a compact JWE for this recipient; `nested`: the text is a signed JWT."""
        return self.key.encrypted(text, self.alg, self.enc, nested=nested)


@service
class Encryption:
    """Finds the recipients of encrypted answers."""

    keys: ClientKeys

    async def recipient(self, client: Client, alg: str | None, enc: str | None) -> Recipient | None:
        """Returns the client as a recipient, or None if it wants no encryption (`alg` is None).

        Raises OAuth2Error if the client has no such key or it cannot be fetched: nothing is sent unencrypted instead.
        """
        if alg is None:
            return None
        try:
            async for keys in self.keys.for_encryption(client):
                key = encryption.fitting(keys, alg)
                if key is not None:
                    return Recipient(key, alg, enc or DEFAULT_ENCODING)
        except FetchError as error:
            raise unreachable(client, str(error)) from None
        raise keyless(client, alg)


def unreachable(client: Client, reason: str) -> OAuth2Error:
    """Returns the error for keys that cannot be fetched now, with HTTP status 503.

    Its code is the one of RFC 6749 §4.1.2.1, since §5.2 has none for this case.
    """
    refusal = Reason(CHECK, "keys at the application's jwks_uri", reason, client_id=client.id)
    return carrying(CustomOAuth2Error("temporarily_unavailable", UNREACHABLE, status_code=503), refusal)


def keyless(client: Client, alg: str) -> OAuth2Error:
    """Returns the error, with HTTP status 400, for a client that publishes no key for the algorithm it wants."""
    refusal = Reason(CHECK, f"a public key for {alg}", "none in the application's key set", client_id=client.id)
    return carrying(CustomOAuth2Error("invalid_request", KEYLESS.format(alg=alg), status_code=400), refusal)

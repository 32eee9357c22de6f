"""An authenticator of passkeys in software, with the browser in front of it (WebAuthn Level 3 §6, §7): also one that lies."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from os import urandom
from typing import Any
from uuid import UUID

import cbor2
from attrs import define, evolve, field
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
NOBODY = UUID(int=0)


def octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


@define
class Authenticator:
    """One passkey; what it says of itself and what its browser says can be set."""

    origin: str
    present: bool = True
    verifies: bool = True
    discoverable: bool = True
    synchronised: bool = False
    attestation: str = "none"
    aaguid: UUID = NOBODY
    counts: bool = True
    counter: int = 0
    key: Any = field(factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(factory=lambda: urandom(32))
    handle: bytes | None = None
    rp_id: str | None = None  # instead of the one that is asked for

    def make(self, options: dict[str, Any], **client: Any) -> str:
        """What the browser sends of a new passkey; `client` is said in the client data."""
        self.handle = octets(options["user"]["id"])
        data = self._data(options["rp"]["id"], ATTESTED) + self._attested()
        said = self._client("webauthn.create", options, client)
        document = {"fmt": self.attestation, "attStmt": self._statement(data + sha256(said).digest()), "authData": data}
        response = {"attestationObject": text(cbor2.dumps(document)), "transports": ["internal"]}
        return self._written(said, response, {"credProps": {"rk": self.discoverable}})

    def use(self, options: dict[str, Any], **client: Any) -> str:
        """What the browser sends of a use."""
        data, said = self._data(options["rpId"]), self._client("webauthn.get", options, client)
        signature = self.key.sign(data + sha256(said).digest(), ec.ECDSA(SHA256()))
        response = {"authenticatorData": text(data), "signature": text(signature)}
        handle = {"userHandle": text(self.handle)} if self.handle is not None else {}
        return self._written(said, {**response, **handle}, {})

    def clone(self) -> "Authenticator":
        return evolve(self)

    def _data(self, rp_id: str, more: int = 0) -> bytes:
        self.counter += self.counts
        flags = PRESENT * self.present | VERIFIED * self.verifies | (ELIGIBLE | BACKED_UP) * self.synchronised | more
        return sha256((self.rp_id or rp_id).encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _attested(self) -> bytes:
        point = self.key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        return self.aaguid.bytes + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(key)

    def _statement(self, signed: bytes) -> dict[str, Any]:
        """Self attestation (§8.2) for `packed`."""
        if self.attestation != "packed":
            return {}
        return {"alg": -7, "sig": self.key.sign(signed, ec.ECDSA(SHA256()))}

    def _client(self, kind: str, options: dict[str, Any], client: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **client}).encode()

    def _written(self, said: bytes, response: dict[str, Any], results: dict[str, Any]) -> str:
        return json.dumps(
            {
                "id": text(self.id),
                "rawId": text(self.id),
                "type": "public-key",
                "response": {"clientDataJSON": text(said), **response},
                "clientExtensionResults": results,
            }
        )

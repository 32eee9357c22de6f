"""What this server is to browsers that keep passkeys for it (WebAuthn Level 3, the relying party)."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any, Final

from attrs import frozen

from iam.records.passkey import Passkey
from iam.secrets.minted import base64url
from iam.settings import Settings

ALGORITHMS: Final = (-8, -7, -257)  # EdDSA, ES256, RS256: all that authenticators and browsers have
PATIENCE: Final = 300_000  # milliseconds, for who has to fetch a security key (WebAuthn Level 3 §15.1)
MACHINE: Final = "localhost"


@frozen
class RelyingParty:
    """The host for which browsers keep passkeys, the only origin that may use them, and a name for people.

    It writes the options of the two ceremonies as browsers read them (WebAuthn Level 3 §5.1.10).
    """

    id: str
    origin: str
    name: str

    def creation(
        self, challenge: str, handle: bytes, login: str, name: str, existing: Iterable[Passkey]
    ) -> dict[str, Any]:
        """Returns the options to make a passkey (WebAuthn Level 3 §5.4), in no authenticator that has one already."""
        return {
            "rp": {"id": self.id, "name": self.name},
            "user": {"id": base64url(handle), "name": login, "displayName": name or login},
            "challenge": challenge,
            "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
            "excludeCredentials": descriptors(existing),
            "authenticatorSelection": {"residentKey": "preferred", "userVerification": "preferred"},
            "attestation": "none",
            "extensions": {"credProps": True},
            "timeout": PATIENCE,
        }

    def request(self, challenge: str, allowed: Iterable[Passkey] = (), *, checked: bool = False) -> dict[str, Any]:
        """Returns the options to use a passkey (WebAuthn Level 3 §5.5): one of those, or any that the browser finds.

        It has to verify the person, if it is to be `checked`.
        """
        return {
            "rpId": self.id,
            "challenge": challenge,
            "allowCredentials": descriptors(allowed),
            "userVerification": "required" if checked else "preferred",
            "timeout": PATIENCE,
        }

    def unknown(self, credential_id: str | None) -> dict[str, Any]:
        """Returns what a browser tells the keeper of a passkey that nobody has here; nothing if there is none."""
        return {"signalUnknownCredential": {"rpId": self.id, "credentialId": credential_id}} if credential_id else {}

    def signals(self, handle: bytes, login: str, name: str, passkeys: Iterable[Passkey]) -> dict[str, Any]:
        """Returns what a browser tells the keepers of a person's passkeys, by the name of its method.

        They learn which are accepted, and what the person is called (WebAuthn Level 3 §5.1.10).
        """
        person = {"rpId": self.id, "userId": base64url(handle)}
        accepted = [base64url(passkey.credential_id) for passkey in passkeys]
        return {
            "signalAllAcceptedCredentials": {**person, "allAcceptedCredentialIds": accepted},
            "signalCurrentUserDetails": {**person, "name": login, "displayName": name or login},
        }


def descriptors(passkeys: Iterable[Passkey]) -> list[dict[str, Any]]:
    """Returns the passkeys as browsers look for them, with the ways to reach each (WebAuthn Level 3 §5.8.3)."""
    return [
        {"type": "public-key", "id": base64url(one.credential_id), "transports": list(one.transports)}
        for one in passkeys
    ]


def relying_party(settings: Settings) -> RelyingParty | None:
    """Returns the relying party; None where no browser has passkeys.

    A passkey belongs to a host name, never to an IP address, and to https; only the machine itself may do without.
    """
    host = settings.issuer_host
    if is_address(host) or not (settings.secure or host == MACHINE or host.endswith("." + MACHINE)):
        return None
    return RelyingParty(host, settings.origin, host)


def is_address(host: str) -> bool:
    """Whether the host is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

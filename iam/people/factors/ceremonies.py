"""What browsers send of passkeys, verified by py_webauthn: a new one, or the use of one (WebAuthn Level 3 §7).

The library is loaded when it is first needed, because it takes long and much memory, and many have no use for it.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, TypeVar
from uuid import UUID

from attrs import field, frozen

from iam import strict_json
from iam.people.factors.challenges import Ceremony, Challenge, Challenges, Late, decode
from iam.people.factors.relying_party import ALGORITHMS, RelyingParty
from iam.records import acr
from iam.records.passkey import KnownPasskey, NewPasskey

LONGEST_ID: Final = 1023  # bytes of a credential id (WebAuthn Level 3 §4)
TRANSPORTS: Final = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal"})
LONGEST: Final = 16_384  # characters of what a browser sends

Verified = TypeVar("Verified")


class Flaw(Enum):
    """Why a passkey was not accepted, as a sentence for the person."""

    LATE = "That took too long. Please try it once more."
    WRONG = "That passkey was not accepted. Try it once more, or another way."
    UNVERIFIED = (
        "That security key did not check that it is you, by a finger, a face or a PIN, so it does not do alone. Log in "
        "with your password first; then you are asked for it."
    )


class Refused(Exception):
    """A passkey is not accepted; `unknown` is the id of one that nobody has here (any more), if that is why."""

    def __init__(self, flaw: Flaw, unknown: str | None = None) -> None:
        super().__init__(flaw.name)
        self.flaw = flaw
        self.unknown = unknown


@frozen
class Sent:
    """A credential as a browser sent it (WebAuthn Level 3 §5.1.8), and its client data; nothing is verified yet."""

    credential: Mapping[str, Any] = field(repr=False)
    client_data: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> bytes:
        """The credential id; b"" if there is none."""
        text = self.credential.get("rawId")
        return decode(text) if isinstance(text, str) else b""

    @property
    def response(self) -> Mapping[str, Any]:
        """The authenticator's response."""
        found = self.credential.get("response")
        return found if isinstance(found, dict) else {}

    @property
    def handle(self) -> bytes:
        """The user handle that came with it; b"" if none did."""
        text = self.response.get("userHandle")
        return decode(text) if isinstance(text, str) else b""


@frozen
class Use:
    """The use of a passkey that was verified: whether it checked who is there, and what becomes of its record."""

    passkey: KnownPasskey
    challenge: Challenge
    sign_count: int
    backed_up: bool
    person_verified: bool

    @property
    def amr(self) -> tuple[str, ...]:
        """The methods by which this proves somebody (RFC 8176).

        A key that is synchronised between devices is software's, any other one hardware's.
        """
        key = "swk" if self.passkey.backup_eligible else "hwk"
        return (key, acr.VERIFIED, acr.SEVERAL) if self.person_verified else (key,)


def read(text: str) -> Sent:
    """Reads what a browser sent; raises Refused for what is no credential in JSON."""
    try:
        credential = strict_json.parse(text[: LONGEST + 1])
        client_data = strict_json.parse(decode(credential["response"]["clientDataJSON"]))
    except (strict_json.NotJSON, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        raise Refused(Flaw.WRONG) from None
    if not isinstance(client_data, dict) or len(text) > LONGEST or client_data.get("crossOrigin", False) is not False:
        raise Refused(Flaw.WRONG)
    return Sent(credential, client_data)


def answered(challenges: Challenges, sent: Sent, ceremony: Ceremony, bound: str) -> Challenge:
    """Returns the challenge that was answered; raises Refused if it is not one of this ceremony's form, or too old."""
    text = sent.client_data.get("challenge")
    try:
        challenge = challenges.read(text, ceremony, bound) if isinstance(text, str) else None
    except Late:
        raise Refused(Flaw.LATE) from None
    if challenge is None:
        raise Refused(Flaw.WRONG)
    return challenge


def verify_new(party: RelyingParty, sent: Sent, challenge: Challenge, *, present: bool = True) -> NewPasskey:
    """Returns the new passkey (WebAuthn Level 3 §7.1); raises Refused. What its maker attests is checked, not demanded.

    `present`: somebody must have touched what made it.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    new = attempt(
        lambda: verify_registration_response(
            credential=dict(sent.credential),
            expected_challenge=challenge.octets,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_presence=present,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(algorithm) for algorithm in ALGORITHMS],
        )
    )
    if new.credential_id != sent.id or len(new.credential_id) > LONGEST_ID:
        raise Refused(Flaw.WRONG)
    return NewPasskey(
        credential_id=new.credential_id,
        public_key=new.credential_public_key,
        sign_count=new.sign_count,
        transports=transports(sent),
        aaguid=UUID(new.aaguid),
        discoverable=discoverable(sent),
        backup_eligible=new.credential_device_type.value == "multi_device",
        backed_up=new.credential_backed_up,
    )


def verify_use(party: RelyingParty, sent: Sent, challenge: Challenge, passkey: KnownPasskey) -> Use:
    """Returns the use of this passkey (WebAuthn Level 3 §7.2); raises Refused. The counter is compared where it is stored."""
    from webauthn import verify_authentication_response

    used = attempt(
        lambda: verify_authentication_response(
            credential=dict(sent.credential),
            expected_challenge=challenge.octets,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
        )
    )
    if (used.credential_device_type.value == "multi_device") != passkey.backup_eligible:
        raise Refused(Flaw.WRONG)
    return Use(passkey, challenge, used.new_sign_count, used.credential_backed_up, used.user_verified)


def attempt(verify: Callable[[], Verified]) -> Verified:
    """Returns what the library finds; raises Refused for whatever it cannot accept."""
    try:
        return verify()
    except Exception:  # noqa: BLE001 - the library reads octets that a stranger made up, with several parsers
        raise Refused(Flaw.WRONG) from None


def transports(sent: Sent) -> tuple[str, ...]:
    """Returns the ways in which browsers reach the passkey that we know, each once; they come from the browser, unsigned."""
    given = sent.response.get("transports")
    named = {one for one in given if isinstance(one, str)} if isinstance(given, list) else set()
    return tuple(sorted(named & TRANSPORTS))


def discoverable(sent: Sent) -> bool | None:
    """Whether the browser says that the passkey does without a username (WebAuthn Level 3 §10.1.3); None if it says nothing."""
    results = sent.credential.get("clientExtensionResults")
    properties = results.get("credProps") if isinstance(results, dict) else None
    found = properties.get("rk") if isinstance(properties, dict) else None
    return found if isinstance(found, bool) else None

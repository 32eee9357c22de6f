"""The claims parameter, by which a client requests individual claims (OpenID Connect Core §5.5)."""

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

from iam import strict_json
from iam.openid.claims import ID_TOKEN, SUBJECT, USERINFO

LONGEST: Final = 4096  # characters
MOST: Final = 64  # claims in one place
LONGEST_NAME: Final = 128  # characters
PLACES: Final = (ID_TOKEN, USERINFO)


class ClaimsError(ValueError):
    """The claims parameter is malformed; the message is a sentence for the client."""


@frozen
class ClaimsRequest:
    """The requested claims, by place (id_token or userinfo) and by name; None for a claim requested by null."""

    members: Mapping[str, Mapping[str, Mapping[str, object] | None]] = field(factory=dict)

    @property
    def names(self) -> dict[str, dict[str, None]]:
        """The names of the requested claims by place, for the grant. Values that a client names are never stored."""
        return {place: dict.fromkeys(claims) for place, claims in self.members.items() if claims}

    @property
    def subjects(self) -> tuple[tuple[object, ...], ...]:
        """The acceptable subjects, as one tuple for each place that requests `sub` with a value (Core §3.1.2.2)."""
        asked = [self.members.get(place, {}).get(SUBJECT) for place in PLACES]
        return tuple(values for claim in asked if (values := acceptable(claim)))

    @property
    def essential_acr(self) -> tuple[object, ...]:
        """The acr values of which the login must have one (Core §5.5.1.1); empty if any will do."""
        claim = self.members.get(ID_TOKEN, {}).get("acr")
        return acceptable(claim) if claim and claim.get("essential") is True else ()

    @property
    def wished_acr(self) -> tuple[str, ...]:
        """The acr values of which the login is to have one if it can (Core §5.5.1.1)."""
        claim = self.members.get(ID_TOKEN, {}).get("acr")
        wished = acceptable(claim) if claim and claim.get("essential") is not True else ()
        return tuple(value for value in wished if isinstance(value, str))


def acceptable(claim: Mapping[str, object] | None) -> tuple[object, ...]:
    """Returns the values that a requested claim may have, from its `value` or `values`; empty if it has neither."""
    if claim is None:
        return ()
    if "value" in claim:
        return (claim["value"],)
    values = claim.get("values")
    return tuple(values) if isinstance(values, list) else ()


def parse(text: str) -> ClaimsRequest:
    """Reads the claims parameter and ignores places other than id_token and userinfo (Core §5.5).

    Raises ClaimsError.
    """
    if len(text) > LONGEST:
        raise ClaimsError(f"claims must have at most {LONGEST} characters.")
    try:
        document = strict_json.parse(text)
    except strict_json.Repeated:
        raise ClaimsError("claims must not name a member twice.") from None
    except strict_json.NotJSON:
        raise ClaimsError("claims must be a JSON object.") from None
    if not isinstance(document, dict):
        raise ClaimsError("claims must be a JSON object.")
    return ClaimsRequest({place: place_of(document[place]) for place in PLACES if place in document})


def place_of(claims: object) -> dict[str, dict[str, object] | None]:
    """Reads the claims requested for one place. Raises ClaimsError."""
    if not isinstance(claims, dict):
        raise ClaimsError("The members userinfo and id_token of claims must be objects.")
    if len(claims) > MOST:
        raise ClaimsError(f"claims must not ask for more than {MOST} claims in one place.")
    return {name_of(name): claim_of(claim) for name, claim in claims.items()}


def name_of(name: str) -> str:
    """Checks that a claim's name is printable and not too long, and returns it. Raises ClaimsError."""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ClaimsError("claims must name claims in printable characters.")
    return name


def claim_of(claim: object) -> dict[str, object] | None:
    """Checks how one claim is requested: by null or an object (Core §5.5.1). Raises ClaimsError."""
    if claim is None:
        return None
    if not isinstance(claim, dict):
        raise ClaimsError("claims must ask for each claim by null or an object.")
    if not isinstance(claim.get("essential", False), bool):
        raise ClaimsError("essential must be true or false in claims.")
    if not isinstance(claim.get("values", []), list):
        raise ClaimsError("values must be an array in claims.")
    return claim

"""FAPI 2.0: what a client under one of its profiles must do, and what it gets instead of anything weaker.

The profiles are Security Profile and Message Signing, both final; the numbers of sections are those of the first unless
the second is named. A profile is a member of a client, or holds for all clients of a server.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from attrs import evolve

from iam.clients import redirect_uris
from iam.oauth.grant_types import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, REFRESH_TOKEN
from iam.records.client import BY_CERTIFICATE, PRIVATE_KEY_JWT
from iam.records.client_metadata import Metadata

SECURITY: Final = "fapi2"
SIGNED: Final = "fapi2-signed"
PROFILES: Final = (SECURITY, SIGNED)  # the second holds for all that the first does

METHODS: Final = (PRIVATE_KEY_JWT, *BY_CERTIFICATE)  # §5.3.2.1 no. 6
ALGORITHMS: Final = ("PS256", "ES256", "EdDSA", "Ed25519")  # §5.4.1 no. 2, with the newer name of the last (RFC 9864)
USUAL_ALGORITHM: Final = "PS256"  # instead of RS256: by the same kind of key
GRANT_TYPES: Final = frozenset({AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS})
CODE_LIFETIME: Final = 60  # seconds (§5.3.2.1 no. 11)
OBJECT_LIFETIME: Final = 3600  # seconds from nbf to exp of a request object (Message Signing §5.3.1)

# What we sign for a client, each by the algorithm in its member.
SIGNED_BY_US: Final = (
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "authorization_signed_response_alg",
    "introspection_signed_response_alg",
)

M = TypeVar("M", bound=Metadata)


def stricter(one: str | None, other: str | None) -> str | None:
    """Returns the stricter of two profiles; None if both are None."""
    return max(filter(None, (one, other)), key=PROFILES.index, default=None)


def raised(metadata: M, profile: str | None = None) -> M:
    """Returns the metadata with the members that follow from their profile, or from that of the server.

    A profile that there is not is left for the rule of its member.
    """
    if metadata.fapi_profile not in (None, *PROFILES):
        return metadata
    strictest = stricter(metadata.fapi_profile, profile)
    if strictest is None:
        return metadata
    stronger: dict[str, Any] = {
        name: USUAL_ALGORITHM for name in SIGNED_BY_US if getattr(metadata, name) not in (None, *ALGORITHMS)
    }
    return evolve(
        metadata,
        fapi_profile=strictest,
        require_pkce=True,
        require_pushed_authorization_requests=True,
        require_signed_request_object=metadata.require_signed_request_object or strictest == SIGNED,
        **stronger,
    )


def held(client: M, profile: str | None) -> M:
    """Returns the client as its profile, or that of the server, has it, whatever it was registered with before."""
    if client.fapi_profile is None and profile is None:
        return client
    kept = tuple(name for name in client.grant_types if name in GRANT_TYPES)
    return evolve(raised(client, profile), grant_types=kept)


def signs(metadata: Metadata) -> bool:
    """Whether requests, responses and introspection must be signed (Message Signing)."""
    return metadata.fapi_profile == SIGNED


def signs_requests(metadata: Metadata) -> bool:
    """Whether requests must be signed, with or without the rest, as Message Signing has it (§5.3.1)."""
    return metadata.fapi_profile is not None and metadata.require_signed_request_object


def fitting(metadata: Metadata, names: Iterable[str], strong: Iterable[str] = ALGORITHMS) -> tuple[str, ...]:
    """Returns those of the names that such a client may choose: all, or the `strong` ones under a profile."""
    return tuple(name for name in names if metadata.fapi_profile is None or name in strong)


def strong(metadata: Metadata, alg: str) -> str:
    """Returns the algorithm by which we sign for such a client what others ask to be signed by this one (§5.4.1 no. 1)."""
    return USUAL_ALGORITHM if metadata.fapi_profile is not None and alg not in ALGORITHMS else alg


def authenticates(metadata: Metadata) -> bool:
    """Whether the client proves itself as its profile demands, by a key (§5.3.2.1 no. 3 and 6)."""
    return metadata.fapi_profile is None or metadata.auth_method in METHODS


def unencrypted(metadata: Metadata, uri: str) -> bool:
    """Whether a response to this redirect URI would travel in the clear, which a profile forbids (§5.3.2.2 no. 8).

    Native clients may listen on their own device.
    """
    if metadata.fapi_profile is None or not uri.lower().startswith("http:"):
        return False
    return not (metadata.native and redirect_uris.here(uri))


def object_complaint(moments: Mapping[str, float]) -> str | None:
    """Returns what is wrong with the times of a request object, in seconds, or None (Message Signing §5.3.1).

    Of one whose exp lies ahead, nbf is at most an hour ago.
    """
    if not {"exp", "nbf"} <= moments.keys():
        return "The request object must have an exp and an nbf."
    if moments["exp"] > moments["nbf"] + OBJECT_LIFETIME:
        return f"The request object's exp must be at most {OBJECT_LIFETIME} seconds after its nbf."
    return None

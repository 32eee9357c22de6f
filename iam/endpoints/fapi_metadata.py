"""The metadata of a server under a profile of FAPI 2.0, which name only what it serves."""

from collections.abc import Mapping
from typing import Final

from iam.authorization import response
from iam.clients import fapi
from iam.oauth.grant_types import CODE

ALGORITHMS: Final = "_signing_alg_values_supported"
METHODS: Final = "_auth_methods_supported"
CLOSED: Final = ("device_authorization_endpoint",)


def served(document: Mapping[str, object], profile: str | None) -> dict[str, object]:
    """Returns the metadata without what is refused under the profile; as they are if there is none."""
    if profile is None:
        return dict(document)
    signed = profile == fapi.SIGNED
    return {
        **opened(narrowed(document, profile)),
        "response_types_supported": [CODE],
        "response_modes_supported": [response.JWT, *response.SIGNED] if signed else list(response.MODES),
        "require_pushed_authorization_requests": True,
        "require_signed_request_object": signed,
        "request_uri_parameter_supported": False,
        "require_request_uri_registration": False,
    }


def opened(document: Mapping[str, object]) -> dict[str, object]:
    """Returns the document without the endpoints where clients get nothing, also by their other addresses (RFC 8705 §5)."""
    return {
        name: opened(value) if isinstance(value, Mapping) else value
        for name, value in document.items()
        if name not in CLOSED
    }


def narrowed(document: Mapping[str, object], profile: str | None) -> dict[str, object]:
    """Returns the document with nothing but strong methods and algorithms under the profile; as it is if there is none."""
    return {name: narrow(name, value) if profile else value for name, value in document.items()}


def narrow(name: str, value: object) -> object:
    """Returns the value of a member, of which only strong methods and algorithms are left."""
    strong = fapi.ALGORITHMS if name.endswith(ALGORITHMS) else fapi.METHODS if name.endswith(METHODS) else None
    return [each for each in value if each in strong] if strong and isinstance(value, list) else value

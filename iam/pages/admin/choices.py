"""The members of inputs that have one of a few values, or some of them."""

from collections.abc import Mapping, Sequence
from typing import Final

from iam.clients import encryption
from iam.clients.fapi import PROFILES
from iam.oauth.grant_types import GRANT_TYPES
from iam.oauth.resources import FORMATS
from iam.records.acr import LEVELS
from iam.records.client import AUTH_METHODS
from iam.records.client_metadata import AT_USERINFO, BY_SCOPES, NATIVE, NOWHERE, PAIRWISE, PUBLIC_SUBJECT, WEB
from iam.records.resource import AUDIENCES
from iam.secrets.signing_keys import ALGORITHMS, KINDS

SOME: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "grant_types": [(each.name, each.label) for each in GRANT_TYPES],
}
SCOPE: Final = "scope"  # some of the scopes that there are, with spaces between
TICKED: Final = SOME.keys() | {SCOPE}
ONE: Final[Mapping[str, Sequence[str]]] = {
    "access_token_claims": (NOWHERE, BY_SCOPES),
    "acr": LEVELS,
    "alg": KINDS,
    "application_type": (WEB, NATIVE),
    "clients": AUDIENCES,
    "fapi_profile": PROFILES,
    "id_token_claims": (AT_USERINFO, BY_SCOPES),
    "id_token_encrypted_response_alg": encryption.ALGORITHMS,
    "id_token_encrypted_response_enc": encryption.ENCODINGS,
    "id_token_signed_response_alg": ALGORITHMS,
    "introspection_signed_response_alg": ALGORITHMS,
    "request_object_encryption_alg": encryption.ALGORITHMS,
    "request_object_encryption_enc": encryption.ENCODINGS,
    "signing_alg": ALGORITHMS,
    "subject_type": (PUBLIC_SUBJECT, PAIRWISE),
    "token_endpoint_auth_method": tuple(AUTH_METHODS),
    "token_format": FORMATS,
    "userinfo_encrypted_response_alg": encryption.ALGORITHMS,
    "userinfo_encrypted_response_enc": encryption.ENCODINGS,
    "userinfo_signed_response_alg": ALGORITHMS,
}

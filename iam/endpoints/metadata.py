"""The authorization server's metadata (RFC 8414)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from iam.authorization import objects, openid_parameters, pkce, response
from iam.clients import assertions, dpop_headers, encryption
from iam.endpoints import fapi_metadata, resource
from iam.endpoints.api import api
from iam.http.answers import Answer, json_answer
from iam.http.request import Request
from iam.openid.login_facts import ACR_VALUES
from iam.protocol.server import Server
from iam.records.client import PUBLIC
from iam.secrets.signing_keys import ALGORITHMS
from iam.service import service

REGISTRATION_ENDPOINT = "registration_endpoint"
AUTHENTICATING = ("token_endpoint", "revocation_endpoint", "introspection_endpoint")
CONFIDENTIAL = ("introspection_endpoint",)  # for clients that prove who they are

# The endpoints that have another address for mutual TLS (RFC 8705 §5).
ALIASED = (
    *AUTHENTICATING,
    "pushed_authorization_request_endpoint",
    "device_authorization_endpoint",
    "userinfo_endpoint",
)

# No check_session_iframe: browsers no longer give the frames that it needs their cookies.
LOGOUT = {
    "backchannel_logout_supported": True,
    "backchannel_logout_session_supported": True,
    "frontchannel_logout_supported": True,
    "frontchannel_logout_session_supported": True,
}

# OpenID Connect Discovery §3, RFC 9101 §10.5, RFC 9701 §7, JARM §4: the algorithms for what is signed and encrypted, and the ways to ask.
SIGNED_AND_ENCRYPTED = {
    "id_token_signing_alg_values_supported": list(ALGORITHMS),
    "id_token_encryption_alg_values_supported": list(encryption.ALGORITHMS),
    "id_token_encryption_enc_values_supported": list(encryption.ENCODINGS),
    "userinfo_signing_alg_values_supported": list(ALGORITHMS),
    "userinfo_encryption_alg_values_supported": list(encryption.ALGORITHMS),
    "userinfo_encryption_enc_values_supported": list(encryption.ENCODINGS),
    "authorization_signing_alg_values_supported": list(ALGORITHMS),
    "authorization_encryption_alg_values_supported": list(encryption.ALGORITHMS),
    "authorization_encryption_enc_values_supported": list(encryption.ENCODINGS),
    "introspection_signing_alg_values_supported": list(ALGORITHMS),
    "introspection_encryption_alg_values_supported": list(encryption.ALGORITHMS),
    "introspection_encryption_enc_values_supported": list(encryption.ENCODINGS),
    "request_parameter_supported": True,
    "request_uri_parameter_supported": True,
    "require_request_uri_registration": True,
    "require_pushed_authorization_requests": False,
    "require_signed_request_object": False,
    "request_object_signing_alg_values_supported": list(objects.ALGORITHMS),
    "request_object_encryption_alg_values_supported": list(encryption.ALGORITHMS),
    "request_object_encryption_enc_values_supported": list(encryption.ENCODINGS),
    "ui_locales_supported": ["en"],
}


@service
class MetadataEndpoint:
    """Describes the endpoints and what they support, as the modules that implement it say.

    Endpoints whose names are in `closed` are left out.
    """

    issuer: str
    server: Server
    closed: tuple[str, ...] = ()
    documents: bool = True  # clients may be documents
    auth_methods: tuple[str, ...] = ()  # of clients
    certificates: bool = False  # clients can show certificates
    mtls_issuer: str | None = None  # where they do that, if it is another address
    profile: str | None = None  # of FAPI 2.0: nothing weaker is named

    def of(self, endpoints: Mapping[str, str]) -> Callable[[Request], Awaitable[Answer]]:
        """Returns the handler that describes these endpoints: paths by their names in RFC 8414 §2."""

        async def get(_: Request) -> Answer:
            return json_answer(200, fapi_metadata.served(await self.document(endpoints), self.profile))

        return get

    async def document(self, endpoints: Mapping[str, str]) -> dict[str, object]:
        """Returns the members of RFC 8414 §2, RFC 7636 §6.2, RFC 8705 §3.3 and §5, RFC 9207 §3, RFC 9449 §5.1 and RFC 9728 §4."""
        return {
            "issuer": self.issuer,
            **{name: self.issuer + path for name, path in endpoints.items() if name not in self.closed},
            "scopes_supported": await self.server.scopes_supported(),
            "response_types_supported": list(self.server.response_types),
            "response_modes_supported": list(response.MODES),
            "grant_types_supported": list(self.server.grant_types),
            **client_authentication(self.auth_methods),
            "subject_types_supported": ["public", "pairwise"],
            "acr_values_supported": list(ACR_VALUES),
            "prompt_values_supported": list(openid_parameters.PROMPTS),
            "display_values_supported": list(openid_parameters.DISPLAYS),
            "claim_types_supported": ["normal"],
            "claims_parameter_supported": True,
            "claims_supported": await self.server.claims_supported(),
            **LOGOUT,
            "code_challenge_methods_supported": list(pkce.METHODS),
            "authorization_response_iss_parameter_supported": True,
            "client_id_metadata_document_supported": self.documents,
            "dpop_signing_alg_values_supported": list(dpop_headers.ALGORITHMS),
            **self._mutual_tls(endpoints),
            "protected_resources": [self.issuer + resource.PATH, self.issuer + api.PATH],
            **SIGNED_AND_ENCRYPTED,
        }

    def _mutual_tls(self, endpoints: Mapping[str, str]) -> dict[str, object]:
        """Returns the members of RFC 8705, none where clients can show no certificates."""
        if not self.certificates:
            return {}
        bound: dict[str, object] = {"tls_client_certificate_bound_access_tokens": True}
        if self.mtls_issuer is None:
            return bound
        aliases = {name: self.mtls_issuer + path for name, path in endpoints.items() if name in ALIASED}
        return {**bound, "mtls_endpoint_aliases": aliases}


def client_authentication(methods: Sequence[str]) -> dict[str, list[str]]:
    """Returns how clients authenticate at each endpoint (RFC 8414 §2)."""
    confidential = [each for each in methods if each != PUBLIC]
    return {
        name: values
        for endpoint in AUTHENTICATING
        for name, values in (
            (f"{endpoint}_auth_methods_supported", confidential if endpoint in CONFIDENTIAL else list(methods)),
            (f"{endpoint}_auth_signing_alg_values_supported", list(assertions.EVERY_ALGORITHM)),
        )
    }

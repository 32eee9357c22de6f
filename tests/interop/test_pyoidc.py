"""pyoidc as a relying party: a client that registers itself, with JOSE by other libraries than ours (pyjwkest, pycryptodomex)."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import pytest_twisted
from attrs import frozen
from joserfc.jwk import RSAKey
from oic.oic import Client
from oic.oic.message import AuthorizationResponse, BackChannelLogoutRequest
from oic.utils.authn.client import CLIENT_AUTHN_METHOD
from oic.utils.keyio import KeyBundle
from twisted.internet.threads import deferToThread

from tests.harness import REDIRECT_URI, Person, Server
from tests.interop.browser import visit
from tests.receivers import Receiver

LEFT: Final = "https://client.example/left"
SCOPES: Final = ("openid", "profile", "email", "offline_access")
OWN_KEYS: Final = (
    RSAKey.generate_key(2048, {"kid": "sig", "use": "sig"}),
    RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"}),
)

# it asks datetime for a time without a zone, which Python 3.12 warns of
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")


@frozen
class RelyingParty:
    """A client of pyoidc that has found the server and registered itself."""

    client: Client
    auth_method: str

    def log_in(self, server: Server, person: Person) -> tuple[Any, Any]:
        """The checked ID token, and UserInfo, whose sub pyoidc compares with the token's."""
        asked = {"client_id": self.client.client_id, "response_type": "code", "scope": list(SCOPES), "nonce": "n-0S6"}
        asked |= {"redirect_uri": REDIRECT_URI, "state": "af0if"}
        url = self.client.construct_AuthorizationRequest(request_args=asked).request(self.client.authorization_endpoint)
        answer = urlsplit(visit(server, person, url)).query
        response = self.client.parse_response(AuthorizationResponse, info=answer, sformat="urlencoded")
        tokens = self.client.do_access_token_request(
            state="af0if",
            request_args={"code": response["code"]},
            authn_method=self.auth_method,
            authn_endpoint="token",
        )
        return tokens["id_token"], self.client.do_user_info_request(state="af0if")


def register(server: Server, auth_method: str = "client_secret_basic", **members: Any) -> RelyingParty:
    client = Client(client_authn_method=CLIENT_AUTHN_METHOD)
    client.keyjar.add_kb("", KeyBundle([key.as_dict(private=True) for key in OWN_KEYS]))
    client.base_url, client.requests_dir = "https://client.example/", "requests"  # where its request objects would be
    client.provider_config(server.url)
    client.register(
        client.provider_info["registration_endpoint"],
        redirect_uris=[REDIRECT_URI],
        post_logout_redirect_uris=[LEFT],
        response_types=["code"],
        grant_types=["authorization_code", "refresh_token"],
        token_endpoint_auth_method=auth_method,
        jwks=client.keyjar.export_jwks(),
        **members,
    )
    return RelyingParty(client, auth_method)


@pytest.fixture
def opened(configured: Callable[..., Server]) -> Server:
    """A server where everybody may register: pyoidc sends an initial access token in base64, which it is not."""
    return configured(registration="open")


@pytest_twisted.async_yield_fixture
async def receiver(opened: Server) -> AsyncIterator[Receiver]:
    """What hears logout tokens, and what sends them."""
    sender = opened.application.back_channel
    sender.start()
    hearing = Receiver().open()
    yield hearing
    await hearing.close()
    await sender.stop()


@pytest.mark.parametrize(
    "auth_method", ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"]
)
async def test_pyoidc_registers_and_logs_somebody_in(opened: Server, auth_method: str) -> None:
    person = await opened.person("ada", name="Ada Lovelace", email="ada@example.org")
    party = await deferToThread(register, opened, auth_method)

    id_token, told = await deferToThread(party.log_in, opened, person)

    assert (id_token["aud"], id_token["nonce"]) == ([party.client.client_id], "n-0S6")
    assert (told["sub"], told["name"], told["email"]) == (str(person.user_id), "Ada Lovelace", "ada@example.org")


@pytest.mark.parametrize("alg", ["RS256", "ES256", "PS256"])
async def test_pyoidc_checks_what_is_signed(opened: Server, alg: str) -> None:
    person = await opened.person()
    members = {"id_token_signed_response_alg": alg, "userinfo_signed_response_alg": alg}
    party = await deferToThread(register, opened, **members)

    id_token, told = await deferToThread(party.log_in, opened, person)

    assert id_token.jws_header["alg"] == told.jws_header["alg"] == alg
    assert told["aud"] == party.client.client_id


@pytest.mark.parametrize("enc", ["A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"])
async def test_pyoidc_reads_what_is_encrypted_to_it(opened: Server, enc: str) -> None:
    person = await opened.person()
    kinds = ("id_token_encrypted_response", "userinfo_encrypted_response")
    encrypted = {f"{kind}_alg": "RSA-OAEP" for kind in kinds} | {f"{kind}_enc": enc for kind in kinds}
    party = await deferToThread(register, opened, userinfo_signed_response_alg="RS256", **encrypted)

    id_token, told = await deferToThread(party.log_in, opened, person)

    assert id_token.jwe_header["enc"] == told.jwe_header["enc"] == enc
    assert id_token["sub"] == told["sub"] == str(person.user_id)


async def test_pyoidc_refreshes(opened: Server) -> None:
    person = await opened.person()
    party = await deferToThread(register, opened)
    id_token, _ = await deferToThread(party.log_in, opened, person)

    again = party.client.do_access_token_refresh
    fresh = await deferToThread(again, state="af0if", authn_method=party.auth_method)

    assert (fresh["id_token"]["sub"], fresh["id_token"]["auth_time"]) == (id_token["sub"], id_token["auth_time"])


async def test_pyoidc_reads_its_registration(opened: Server) -> None:
    party = await deferToThread(register, opened, subject_type="pairwise")

    read = await deferToThread(party.client.registration_read)

    assert (read["client_id"], read["subject_type"]) == (party.client.client_id, "pairwise")


async def test_pyoidc_logs_its_person_out_and_is_told(opened: Server, receiver: Receiver) -> None:
    """OpenID Connect RP-Initiated Logout §2, Back-Channel Logout §2.6."""
    person = await opened.person()
    party = await deferToThread(register, opened, backchannel_logout_uri=receiver.uri)
    id_token, _ = await deferToThread(party.log_in, opened, person)
    leaving = party.client.construct_EndSessionRequest(state="af0if", request_args={"post_logout_redirect_uri": LEFT})

    left = await deferToThread(visit, opened, person, leaving.request(party.client.end_session_endpoint))
    told = BackChannelLogoutRequest(logout_token=(await receiver.heard(1))[0])
    told.verify(keyjar=party.client.keyjar, iss=opened.settings.issuer, aud=party.client.client_id)

    assert left == LEFT
    assert told["logout_token"]["sid"] == id_token["sid"]

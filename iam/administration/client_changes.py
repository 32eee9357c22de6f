"""What is usual of a new client, and what goes with a change of one."""

from collections.abc import Mapping
from typing import Final

from attrs import evolve

from iam.oauth.grant_types import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, REFRESH_TOKEN
from iam.records.client import AUTH_METHODS, Client
from iam.records.client_metadata import Metadata

FOR_PEOPLE: Final = ("openid", "profile", "email", "read", "write")
FOR_ITSELF: Final = ("read", "write")


def propose(name: str, *, people: bool) -> Metadata:
    """The metadata of a new client where nothing else is said: of one for `people`, who are sent back to it, or one for itself."""
    return Metadata(
        name=name,
        auth_method=AUTH_METHODS[0],
        grant_types=(AUTHORIZATION_CODE, REFRESH_TOKEN) if people else (CLIENT_CREDENTIALS,),
        redirect_uris=(),
        scopes=FOR_PEOPLE if people else FOR_ITSELF,
    )


def give_up(client: Client, said: Mapping[str, object]) -> Client:
    """The client without what goes with another method, or with other keys: the algorithm that was for the old one, the old keys."""
    if said.get("auth_method", client.auth_method) != client.auth_method:
        client = evolve(client, token_endpoint_auth_signing_alg=None)
    return evolve(client, jwks=None, jwks_uri=None) if said.keys() & {"jwks", "jwks_uri"} else client

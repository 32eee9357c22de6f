"""The usual metadata of a new client, and the members that a change of a client resets."""

from collections.abc import Mapping
from typing import Final

from attrs import evolve

from iam.oauth.grant_types import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, REFRESH_TOKEN
from iam.records.client import AUTH_METHODS, SUBJECTS, Client
from iam.records.client_metadata import Metadata, changed

FOR_PEOPLE: Final = ("openid", "profile", "email", "read", "write")
FOR_ITSELF: Final = ("read", "write")


def propose(name: str, *, people: bool) -> Metadata:
    """Returns the metadata that a new client has unless told otherwise.

    With `people` it uses the authorization code grant with refresh tokens; without, client credentials for itself.
    """
    return Metadata(
        name=name,
        auth_method=AUTH_METHODS[0],
        grant_types=(AUTHORIZATION_CODE, REFRESH_TOKEN) if people else (CLIENT_CREDENTIALS,),
        redirect_uris=(),
        scopes=FOR_PEOPLE if people else FOR_ITSELF,
    )


def give_up(client: Client, said: Mapping[str, object]) -> Client:
    """Returns the client without the members that the change makes void.

    Another authentication method resets its signing algorithm and the subject of its certificate; a new subject, or
    new keys, replace the old ones.
    """
    if said.get("auth_method", client.auth_method) != client.auth_method:
        client = evolve(client, token_endpoint_auth_signing_alg=None)
        client = changed(client, dict.fromkeys(SUBJECTS))
    if said.keys() & {*SUBJECTS}:
        client = changed(client, dict.fromkeys(SUBJECTS))
    return evolve(client, jwks=None, jwks_uri=None) if said.keys() & {"jwks", "jwks_uri"} else client

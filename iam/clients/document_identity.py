"""Clients that are documents: what their ids are, and what they say about who they are."""

import json
from hashlib import sha256
from typing import Final

from iam.clients.redirect_uris import path_complaint
from iam.outbound.destinations import FetchError, parse
from iam.records.client import DOCUMENT
from iam.records.client_metadata import Metadata

LONGEST: Final = 1024  # characters: people read it, and tables are sorted by it


def complaint(client_id: str) -> str | None:
    """Returns why this URL cannot be the id of a client, or None (draft-ietf-oauth-client-id-metadata-document-02 §3).

    There is one way to write it, so that one document is one client.
    """
    if len(client_id) > LONGEST:
        return f"A URL as client_id has at most {LONGEST} characters."
    try:
        destination = parse(client_id)
    except FetchError as error:
        return str(error)
    if destination.url != client_id:
        return "A URL as client_id has a path, its host is in lower case, and a port only if it is not the usual one."
    if path_complaint(client_id):
        return "A URL as client_id has no . or .. in its path."
    return None


def host_of(client_id: str) -> str:
    """Returns the host of the document, which its certificate proves."""
    return parse(client_id).host


def digest(client: Metadata) -> bytes:
    """Returns the SHA-256 of what people see of the client, and of where answers for it go.

    Its keys are not in it: they may change as often as they like.
    """
    told = [client.name, client.auth_method, sorted(client.redirect_uris)]
    links = [client.client_uri, client.logo_uri, client.policy_uri, client.tos_uri]
    return sha256(json.dumps([*told, *links]).encode()).digest()


def is_document(client_id: str) -> bool:
    """Checks that an id says that the client is a document."""
    return client_id.startswith(DOCUMENT)

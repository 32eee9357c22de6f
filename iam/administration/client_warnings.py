"""Warnings about clients: addresses where others can read what is sent, or can stand in for a trusted client."""

from iam.clients import client_card, redirect_uris
from iam.records.client import Client


def warnings(client: Client) -> list[str]:
    """Returns what whoever registers this client should know."""
    told = [
        f"{uri} is http: others on the network can read codes there, and who is logged in."
        for uri in redirect_uris.unprotected(client.addresses)
    ]
    unproven = [uri for uri in client.redirect_uris if not client_card.proven(client, uri)]
    if client.trusted and unproven:
        told.append(
            f"any program on the machines of your people can stand in for {client.name} and get their tokens "
            f"without a question: it is trusted, and has no secret, and its redirect URI is {unproven[0]}."
        )
    return told

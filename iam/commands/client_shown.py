"""Clients, as `iam client` shows them."""

from collections.abc import Iterator
from typing import Final

import click

from iam.administration.actions.application import SHOWN, Application, ApplicationSecret
from iam.clients import information
from iam.commands import output
from iam.records.member import Member


def names(members: tuple[Member, ...]) -> Iterator[str]:
    """Yields the names of these members in the order of an answer of /register."""
    for each in sorted(members, key=information.rank):
        yield each.name
        if each.attribute == "grant_types":
            yield "response_types"


ORDER: Final = tuple(names(SHOWN))


def document(client: Application) -> dict[str, object]:
    """Returns the client as a JSON object, named as in RFC 7591 §2 and OpenID Connect Registration §2."""
    told = client.model_dump(mode="json")
    return {
        "client_id": client.client_id,
        **{name: told[name] for name in ORDER if told[name] is not None},
        "registered_itself": client.registered_itself,
        **({"members_only": True} if client.groups else {}),
        **({"left_out": client.left_out} if client.left_out else {}),
        **{name: told[name] for name in ("owner", "created_at", "updated_at", "disabled_at")},
    }


def announce(made: ApplicationSecret) -> None:
    """Shows a client and, for the only time, its new secret, if it has one."""
    shown = document(made.application)
    if made.client_secret is not None:
        shown = {"client_id": made.client_id, "client_secret": made.client_secret, **shown}
    output.show(shown)
    if made.client_secret is not None and not output.json_wanted():
        click.echo("Take note of the secret now: it is not shown again.")


def warn(made: ApplicationSecret) -> None:
    """Says on standard error what is dangerous about a client."""
    for sentence in made.warnings:
        click.echo(f"WARNING: {sentence}", err=True)

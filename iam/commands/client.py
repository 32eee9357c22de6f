"""`iam client`."""

from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Any, TypeVar

import click
from attrs import evolve

from iam.administration import client_changes, client_secrets, clients, registration_access_tokens
from iam.administration.administration import Administration
from iam.administration.client_restrictions import count_losses_of_client, restrict_client
from iam.administration.client_secrets import LONGEST_KEEP
from iam.clients import information
from iam.commands import client_options, output, restrictions
from iam.commands.client_input import chosen_secret, warn
from iam.commands.confirming import run_if_agreed, yes_option
from iam.commands.options import Group
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE
from iam.records.client import Client
from iam.records.client_metadata import MEMBERS
from iam.records.invalid import Invalid
from iam.records.member import Who

COLUMNS = ("client_id", "client_name", "token_endpoint_auth_method", "grant_types", "owner")

SHOWN = tuple(each for each in MEMBERS if each.who_may_set is not Who.NOBODY)

T = TypeVar("T")

which = click.argument("client_id", metavar="ID")


@click.group(cls=Group, examples=["iam client create --name Shop --redirect-uri https://shop.example.org/callback"])
def command() -> None:
    """Clients: the applications that get tokens here."""


@command.command(
    examples=[
        "iam client create --name Shop --redirect-uri https://shop.example.org/callback",
        "iam client create --name 'Nightly job' --grant-type client_credentials --scope read --json",
        "iam client create --name API --introspect-any",
        "iam client create --name Job --client-id job --client-secret-stdin < secret.txt",
        "iam client create --name Bank --auth-method private_key_jwt --jwks bank.jwks.json",
    ]
)
@click.option("--name", metavar="N", required=True, help="The name that people read.")
@click.option("--owner", metavar="USERNAME", help="The person who sees it under /applications.")
@click.option("--client-id", "chosen_id", metavar="ID", help="Its id; made at random if left out.")
@click.option(
    "--client-secret-stdin",
    is_flag=True,
    help="Read its secret, of 32 characters or more, from standard input, instead of making one.",
)
@client_options.metadata
def create(
    name: str, owner: str | None, chosen_id: str | None, said: Mapping[str, Any], *, client_secret_stdin: bool
) -> None:
    """Register a client. Its secret is shown once, here and now.

    With redirect URIs it gets authorization_code and refresh_token and the scopes openid, profile, email, read and
    write; without them client_credentials, read and write; unless --grant-type and --scope say otherwise.
    """
    asked = evolve(client_changes.propose(name, people=bool(said.get("redirect_uris"))), **said)
    chosen = chosen_secret(asked.auth_method) if client_secret_stdin else None
    create = partial(clients.create, client_id=chosen_id, secret=chosen, owner=owner)
    client, secret = run(lambda on: by_option(create(on, asked, COMMAND_LINE)))
    warn(client)
    announce(client, None if client_secret_stdin else secret)


@command.command("list", examples=["iam client list", "iam client list --json", "iam client list --unused"])
@click.option(
    "--unused", is_flag=True, help="Only those that nobody has used, ever or for 90 days (unused-client-days)."
)
def list_(*, unused: bool) -> None:
    """List all clients, with the day of their last use (servers store it every ten minutes)."""
    listed = run(partial(clients.list_uses, unused=unused))
    told = [document(client) | {"last_used": day and day.isoformat()} for client, day in listed]
    nothing = "Every client is used." if unused else "There are no clients yet."
    output.tabulate(told, (*COLUMNS, "last_used"), nothing)


@command.command(examples=["iam client show 4Fh..."])
@which
def show(client_id: str) -> None:
    """Show a client's metadata."""
    output.show(document(run(lambda on: clients.find(on, client_id))))


@command.command(
    examples=[
        "iam client update 4Fh... --scope 'read write photos:read'",
        "iam client update 4Fh... --auth-method private_key_jwt --jwks-uri https://shop.example.org/jwks.json",
    ]
)
@which
@click.option("--name", metavar="N", help="The name that people read.")
@client_options.metadata
def update(client_id: str, name: str | None, said: Mapping[str, Any]) -> None:
    """Change a client's metadata; what is not named stays, a named list replaces the old one, "" empties it.

    Another --auth-method makes a new secret, shown once, if the old one cannot be used with it. New keys replace the
    old ones.
    """

    async def work(on: Administration) -> tuple[Client, str | None]:
        old = await clients.find(on, client_id)
        named = said if name is None else {**said, "name": name}
        asked = evolve(client_changes.give_up(old, said), **named)
        return await clients.update(on, old, asked, COMMAND_LINE)

    client, secret = run(lambda on: by_option(work(on)))
    warn(client)
    if secret is not None:
        announce(client, secret)
    else:
        output.say(f"The client {client.name} is updated.", document(client))


@command.command(
    "rotate-secret", examples=["iam client rotate-secret 4Fh... --json", "iam client rotate-secret 4Fh... --keep 86400"]
)
@which
@click.option(
    "--keep",
    metavar="SECONDS",
    type=click.IntRange(0, LONGEST_KEEP),
    default=0,
    help="How long the old one still works (0).",
)
@yes_option
def rotate_secret(client_id: str, keep: int, *, yes: bool) -> None:
    """Give a client a new secret, shown once; the old one stops working at once, or after --keep seconds.

    A client has two secrets at most: a second rotation ends the oldest one at once.
    """
    rotate = partial(client_secrets.rotate, keep=keep)
    client, secret = run_if_agreed(partial(client_secrets.count_losses, keep=keep), rotate, client_id, yes=yes)
    announce(client, secret)


@command.command(
    examples=[
        "iam client restrict 4Fh... --group editors --group staff",
        "iam client restrict 4Fh... --everybody",
    ]
)
@which
@restrictions.options
@yes_option
def restrict(client_id: str, groups: tuple[str, ...], *, yes: bool) -> None:
    """Let only the members of some groups use a client; others are told that it is not for them.

    What people outside of these groups allowed it stops working.
    """
    client = run_if_agreed(count_losses_of_client, restrict_client, client_id, groups, yes=yes)
    restrictions.say(f"The client {client.name}", {"client_id": client.id}, groups)


@command.command(examples=["iam client disable 4Fh..."])
@which
@yes_option
def disable(client_id: str, *, yes: bool) -> None:
    """Disable a client and end everything it was granted, for good: enabling it brings nothing back."""
    client = run_if_agreed(clients.count_losses_of_disabling, clients.disable, client_id, yes=yes)
    output.say(f"The client {client.name} is disabled.", document(client))


@command.command(examples=["iam client enable 4Fh..."])
@which
def enable(client_id: str) -> None:
    """Enable a client again; it has to get new tokens."""
    client = run(lambda on: clients.enable(on, client_id, COMMAND_LINE))
    output.say(f"The client {client.name} is enabled.", document(client))


@command.command(
    "rotate-registration-token", examples=["iam client rotate-registration-token 4Fh... --json > registration.json"]
)
@which
def rotate_registration_token(client_id: str) -> None:
    """Give a client that registered itself a new registration access token, shown once.

    The old one stops working.
    """
    client, token = run(lambda on: registration_access_tokens.rotate(on, client_id, COMMAND_LINE))
    output.show({"client_id": client.id, "registration_access_token": token})


@command.command("revoke-registration-token", examples=["iam client revoke-registration-token 4Fh..."])
@which
@yes_option
def revoke_registration_token(client_id: str, *, yes: bool) -> None:
    """Stop a client that registered itself from managing its registration; nothing else changes.

    A new token allows it again (rotate-registration-token).
    """
    client = run_if_agreed(
        registration_access_tokens.count_losses, registration_access_tokens.revoke, client_id, yes=yes
    )
    told = {"client_id": client.id, "revoked": True}
    output.say(f"The registration access token of {client.name} is revoked.", told)


@command.command(examples=["iam client delete 4Fh...", "iam client delete 4Fh... --yes"])
@which
@yes_option
def delete(client_id: str, *, yes: bool) -> None:
    """Delete a client and end everything it was granted."""
    client = run_if_agreed(clients.count_losses_of_deleting, clients.delete, client_id, yes=yes)
    output.say(f"The client {client.name} is deleted.", {"client_id": client_id, "deleted": True})


async def by_option(work: Awaitable[T]) -> T:
    """Returns the result of `work`; complaints in Invalid name the options they are about."""
    try:
        return await work
    except Invalid as invalid:
        raise client_options.by_option(invalid) from None


def announce(client: Client, secret: str | None) -> None:
    """Shows a client and, for the only time, its new secret, if it has one."""
    shown = document(client)
    if secret is not None:
        shown = {"client_id": client.id, "client_secret": secret, **shown}
    output.show(shown)
    if secret is not None and not output.json_wanted():
        click.echo("Take note of the secret now: it is not shown again.")


def document(client: Client) -> dict[str, object]:
    """Returns the client as a JSON object, named as in RFC 7591 §2 and OpenID Connect Registration §2."""
    return {
        "client_id": client.id,
        **information.document(client, SHOWN),
        "registered_itself": client.registered_itself,
        **({"members_only": True} if client.members_only else {}),
        **({"left_out": dict(client.left_out)} if client.left_out else {}),
        "owner": client.owner,
        "created_at": output.moment(client.created_at),
        "updated_at": output.moment(client.updated_at),
        "disabled_at": output.moment(client.disabled_at),
    }

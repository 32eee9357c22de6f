"""`iam client`."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import click
from pydantic import SecretStr

from iam.administration.actions import application_access as access
from iam.administration.actions import applications as actions
from iam.administration.actions.application import (
    Application,
    ApplicationChange,
    ApplicationListing,
    DeletedApplication,
    NamedApplication,
    NewApplication,
    Rotation,
    SwitchedApplication,
    Transfer,
)
from iam.administration.actions.application_access import Restriction
from iam.administration.actions.models import MOST
from iam.administration.client_secrets import LONGEST_KEEP
from iam.commands import client_options, output, restrictions
from iam.commands.actions import given, list_all, perform, perform_if_agreed, together
from iam.commands.client_input import chosen_secret
from iam.commands.client_shown import announce, document, warn
from iam.commands.confirming import yes_option
from iam.commands.options import Group
from iam.commands.several import perform_each, several
from iam.records.client import AUTH_METHODS

COLUMNS = ("client_id", "client_name", "token_endpoint_auth_method", "grant_types", "owner")

which = click.argument("client_id", metavar="ID")
these = several("client_ids", "ID")


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
    chosen = chosen_secret(said.get("auth_method", AUTH_METHODS[0])) if client_secret_stdin else None
    told = given(client_id=chosen_id, client_secret=None if chosen is None else SecretStr(chosen), owner=owner)
    wish = NewApplication(client_name=name, **told, **client_options.members(said))
    made = together(lambda do: client_options.by_option(do(actions.CREATE, wish)))
    warn(made)
    announce(made)


@command.command("list", examples=["iam client list", "iam client list --json", "iam client list --unused"])
@click.option(
    "--unused", is_flag=True, help="Only those that nobody has used, ever or for 90 days (unused-client-days)."
)
def list_(*, unused: bool) -> None:
    """List all clients, with the day of their last use (servers store it every ten minutes)."""
    found = list_all(actions.LIST, ApplicationListing(unused=unused, limit=MOST))
    found.sort(key=lambda application: (application.created_at, application.client_id))
    told = [document(each) | {"last_used": each.last_used and each.last_used.isoformat()} for each in found]
    nothing = "Every client is used." if unused else "There are no clients yet."
    output.tabulate(told, (*COLUMNS, "last_used"), nothing)


@command.command(examples=["iam client show 4Fh..."])
@which
def show(client_id: str) -> None:
    """Show a client's metadata."""
    output.show(document(perform(actions.SHOW, NamedApplication(application=client_id))))


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
    told = given(client_name=name)
    wish = ApplicationChange(application=client_id, **told, **client_options.members(said))
    changed = together(lambda do: client_options.by_option(do(actions.UPDATE, wish)))
    warn(changed)
    if changed.client_secret is not None:
        announce(changed)
    else:
        output.say(f"The client {changed.application.client_name} is updated.", document(changed.application))


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
    announce(perform_if_agreed(actions.ROTATE_SECRET, Rotation(application=client_id, keep=keep), yes=yes))


@command.command(
    examples=["iam client transfer 4Fh... --owner bob", "iam client transfer 4Fh... --nobody"],
)
@which
@click.option("--owner", metavar="USERNAME", help="The person who has it from now on.")
@click.option("--nobody", is_flag=True, help="Nobody has it, and administrators alone see it.")
def transfer(client_id: str, owner: str | None, *, nobody: bool) -> None:
    """Give a client to another person; its secrets and all it was granted stay as they are."""
    if nobody is (owner is not None):
        raise click.UsageError("Name the person with --owner, or give --nobody.")
    client = perform(actions.TRANSFER, Transfer(application=client_id, owner=owner))
    done = f"has {owner} as its owner" if owner else "has no owner"
    output.say(f"The client {client.client_name} {done}.", document(client))


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
    wish = Restriction(application=client_id, groups=list(groups))
    client = perform_if_agreed(access.RESTRICT, wish, yes=yes)
    restrictions.say(f"The client {client.client_name}", {"client_id": client.client_id}, groups)


@command.command(
    examples=["iam client disable 4Fh...", "iam client disable https://tools.example.org/client.json --host"]
)
@these
@click.option("--host", is_flag=True, help="All clients that are documents of its host too, and those to come.")
@yes_option
def disable(client_ids: tuple[str, ...], *, host: bool, yes: bool) -> None:
    """Disable clients and end everything they were granted, for good: enabling one brings nothing back."""
    perform_each(actions.DISABLE, switched(client_ids, host=host), partial(tell, "disabled"), yes=yes)


@command.command(examples=["iam client enable 4Fh..."])
@these
@click.option("--host", is_flag=True, help="All clients that are documents of its host too, and those to come.")
def enable(client_ids: tuple[str, ...], *, host: bool) -> None:
    """Enable clients again; they have to get new tokens."""
    perform_each(actions.ENABLE, switched(client_ids, host=host), partial(tell, "enabled"))


def switched(client_ids: tuple[str, ...], *, host: bool) -> dict[str, SwitchedApplication]:
    """Returns which clients are disabled or enabled, or the hosts of which."""
    return {each: SwitchedApplication(application=each, **given(host=host or None)) for each in client_ids}


def tell(done: str, client: Application) -> tuple[str, output.Document]:
    """Returns what is said of a client to which something is done."""
    return f"The client {client.client_name} is {done}.", document(client)


@command.command(
    "rotate-registration-token", examples=["iam client rotate-registration-token 4Fh... --json > registration.json"]
)
@which
def rotate_registration_token(client_id: str) -> None:
    """Give a client that registered itself a new registration access token, shown once.

    The old one stops working.
    """
    output.show(perform(access.ROTATE_TOKEN, NamedApplication(application=client_id)).model_dump(mode="json"))


@command.command("revoke-registration-token", examples=["iam client revoke-registration-token 4Fh..."])
@which
@yes_option
def revoke_registration_token(client_id: str, *, yes: bool) -> None:
    """Stop a client that registered itself from managing its registration; nothing else changes.

    A new token allows it again (rotate-registration-token).
    """
    ended = perform_if_agreed(access.REVOKE_TOKEN, NamedApplication(application=client_id), yes=yes)
    told = {"client_id": ended.client_id, "revoked": True}
    output.say(f"The registration access token of {ended.client_name} is revoked.", told)


@command.command(examples=["iam client delete 4Fh...", "iam client delete 4Fh... --yes"])
@these
@yes_option
def delete(client_ids: tuple[str, ...], *, yes: bool) -> None:
    """Delete clients and end everything they were granted."""

    def say(gone: DeletedApplication) -> tuple[str, output.Document]:
        return f"The client {gone.client_name} is deleted.", {"client_id": gone.client_id, "deleted": True}

    perform_each(actions.DELETE, {each: NamedApplication(application=each) for each in client_ids}, say, yes=yes)

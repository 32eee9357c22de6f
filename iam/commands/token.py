"""`iam token`."""

from datetime import UTC, datetime
from uuid import UUID

import click
from pydantic import SecretStr

from iam.administration.actions import tokens as actions
from iam.administration.actions.models import MOST
from iam.administration.actions.tokens import (
    NamedToken,
    NewToken,
    OwnTokens,
    RevokedToken,
    TokenListing,
    TokenText,
)
from iam.commands import asking, moments, output
from iam.commands.actions import document, given, list_all, perform, perform_if_agreed
from iam.commands.confirming import yes_option
from iam.commands.options import Group
from iam.commands.several import perform_each, several

COLUMNS = ("active", "client_id", "username", "sub", "scope", "iat", "exp")
LISTED = ("id", "username", "client_id", "name", "scope", "resources", "expires_at", "used_at", "works")
ONE = "Name one of --user and --client."


@click.group(cls=Group, examples=["iam token create --user alice --name backup --scope read --expires 2027-01-31"])
def command() -> None:
    """Tokens: those that clients got, read from standard input, and personal and service tokens, which are made here."""


@command.command(
    examples=[
        "iam token create --user alice --name backup --scope read --expires 2027-01-31",
        "iam token create --client 4Fh... --name cron --resource https://api.example.org --json",
    ]
)
@click.option("--user", metavar="U", help="The person whose own token it is.")
@click.option("--client", metavar="ID", help="The application whose own token it is.")
@click.option("--name", metavar="N", required=True, help="What tells it apart from the owner's other tokens.")
@click.option("--scope", metavar='"S ..."', help='What it allows ("read write", as far as the owner may give them).')
@click.option("--resource", metavar="URI", multiple=True, help="What it is for; repeatable (nothing in particular).")
@click.option(
    "--expires",
    metavar="ISO8601",
    callback=moments.parse,
    help="When it expires, at most a year from now (in 90 days, or a year for an application).",
)
def create(
    user: str | None,
    client: str | None,
    name: str,
    scope: str | None,
    resource: tuple[str, ...],
    expires: datetime | None,
) -> None:
    """Make a personal token of a person, or a service token of an application. It is shown once, here and now.

    The person is told by mail.
    """
    if (user is None) == (client is None):
        raise click.UsageError(ONE)
    told = given(user=user, client=client, scope=scope, resource=list(resource) or None, expires_at=expires)
    output.show(document(perform(actions.CREATE, NewToken(name=name, **told))))
    if not output.json_wanted():
        click.echo("Take note of the token now: it is not shown again.")


@command.command("list", examples=["iam token list", "iam token list --user alice --json"])
@click.option("--user", metavar="U", help="Only those of this person.")
@click.option("--client", metavar="ID", help="Only those of this application.")
def list_(user: str | None, client: str | None) -> None:
    """List personal and service tokens, without their texts, which are not stored."""
    if user is not None and client is not None:
        raise click.UsageError(ONE)
    found = list_all(actions.LIST, TokenListing(**given(user=user, client=client), limit=MOST))
    found.sort(key=lambda token: (token.created_at, token.id))
    output.tabulate([document(token) for token in found], LISTED, "There are no personal or service tokens.")


@command.command(examples=["iam token show --json < token.txt"])
def show() -> None:
    """Show the token on standard input: which client has it, for which person, with which scopes, until when."""
    described = document(perform(actions.SHOW, named(asking.secret_on_input("The token"))))
    told = {name: value for name, value in described.items() if value is not None}
    if output.json_wanted():
        output.write(told)
    else:
        output.show({name: readable(name, told[name]) for name in COLUMNS if name in told})


@command.command(
    examples=[
        "iam token revoke < token.txt",
        "iam token revoke 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11",
        "iam token revoke --user alice",
    ]
)
@several("token_ids", "ID", click.UUID, needed=False)
@click.option("--user", metavar="U", help="All personal tokens of this person.")
@click.option("--client", metavar="ID", help="All service tokens of this application.")
@yes_option
def revoke(token_ids: tuple[UUID, ...], user: str | None, client: str | None, *, yes: bool) -> None:
    """Revoke each personal or service token ID, or all of somebody or, without any of these, the token on standard input.

    With a token that a person gave a client, its grant ends too.
    """
    if sum((bool(token_ids), user is not None, client is not None)) > 1:
        raise click.UsageError("Name one: an ID, --user or --client.")
    if user is not None or client is not None:
        ended = perform_if_agreed(actions.REVOKE_ALL, OwnTokens(**given(user=user, client=client)), yes=yes)
        output.say(f"Tokens that are revoked: {ended.revoked}.", document(ended))
        return
    if token_ids:
        perform_each(actions.REVOKE, {each: NamedToken(token=each) for each in token_ids}, told_revoked)
        return
    gone = perform(actions.REVOKE_TEXT, named(asking.secret_on_input("The token")))
    if gone.ended:
        output.say(*told_revoked(gone.ended))
    else:
        told = {"client_id": gone.client_id, "revoked": True}
        output.say(f"The token that client {gone.client_id} had is revoked.", told)


def named(text: str) -> TokenText:
    """Returns the input that names a token by its text."""
    return TokenText(text=SecretStr(text))


def told_revoked(token: RevokedToken) -> tuple[str, output.Document]:
    """Returns what is said of a personal or service token that is revoked."""
    whose = token.username or f"client {token.client_id}"
    return f"The token {token.name} of {whose} is revoked.", document(token)


def readable(name: str, value: object) -> object:
    """Returns the value of a member, with `iat` and `exp` as people read moments."""
    return (
        output.moment(datetime.fromtimestamp(value, UTC))
        if name in ("iat", "exp") and isinstance(value, int)
        else value
    )

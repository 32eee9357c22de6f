"""`iam token`."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click

from iam.administration import clients, people, personal_tokens, tokens
from iam.administration.administration import Administration
from iam.administration.personal_tokens import Made, Wish
from iam.commands import asking, moments, output
from iam.commands.options import Group
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE
from iam.records.personal_token import ANYBODY, Owner, PersonalToken
from iam.tokens.access_tokens import lasting
from iam.tokens.introspection import INACTIVE, members

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
    wish = Wish(name, None if scope is None else scope.split(), resource, expires)
    made = run(lambda on: make(on, user, client, wish))
    output.show(shown(made))
    if not output.json_wanted():
        click.echo("Take note of the token now: it is not shown again.")


@command.command("list", examples=["iam token list", "iam token list --user alice --json"])
@click.option("--user", metavar="U", help="Only those of this person.")
@click.option("--client", metavar="ID", help="Only those of this application.")
def list_(user: str | None, client: str | None) -> None:
    """List personal and service tokens, without their texts, which are not stored."""
    if user is not None and client is not None:
        raise click.UsageError(ONE)
    found = run(lambda on: listed(on, user, client))
    output.tabulate([document(token) for token in found], LISTED, "There are no personal or service tokens.")


@command.command(examples=["iam token show --json < token.txt"])
def show() -> None:
    """Show the token on standard input: which client has it, for which person, with which scopes, until when."""
    token = asking.secret_on_input("The token")
    told = run(lambda on: described(on, token))
    if output.json_wanted():
        output.write(told)
    else:
        output.show({name: readable(name, told[name]) for name in COLUMNS if name in told})


@command.command(examples=["iam token revoke < token.txt", "iam token revoke 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11"])
@click.argument("token_id", metavar="[ID]", type=click.UUID, required=False)
def revoke(token_id: UUID | None) -> None:
    """Revoke the personal or service token ID or, without ID, the token on standard input.

    With a token that a person gave a client, its grant ends too.
    """
    text = asking.secret_on_input("The token") if token_id is None else ""
    if token_id is None and not lasting(text):
        client_id = run(lambda on: tokens.revoke(on, text, COMMAND_LINE))
        output.say(f"The token that client {client_id} had is revoked.", {"client_id": client_id, "revoked": True})
        return
    token = run(lambda on: revoked(on, token_id, text))
    whose = token.username or f"client {token.client_id}"
    output.say(f"The token {token.name} of {whose} is revoked.", {**document(token), "works": False, "revoked": True})


async def make(on: Administration, user: str | None, client: str | None, wish: Wish) -> Made:
    """Makes the token of this person, or of this client. Raises Invalid."""
    if user is not None:
        return await personal_tokens.create_for_person(on, await people.find(on, user), wish, COMMAND_LINE)
    return await personal_tokens.create_for_client(on, await clients.find(on, str(client)), wish, COMMAND_LINE)


async def listed(on: Administration, user: str | None, client: str | None) -> list[PersonalToken]:
    """Returns the tokens of this person or this client, or all. Raises Invalid if there is no such owner."""
    owner = Owner(
        (await people.find(on, user)).id if user is not None else None,
        (await clients.find(on, client)).id if client is not None else None,
    )
    return await personal_tokens.list_all(on, owner)


async def revoked(on: Administration, token_id: UUID | None, text: str) -> PersonalToken:
    """Revokes the token with this id or this text, and returns what it was. Raises Invalid if there is none."""
    if token_id is None:
        token = await personal_tokens.find_text(on, text)
    else:
        token = await personal_tokens.find(on, token_id, ANYBODY)
    await personal_tokens.revoke(on, token, COMMAND_LINE)
    return token


async def described(on: Administration, token: str) -> dict[str, Any]:
    """Returns the members of RFC 7662 §2.2; an administrator may see them for any token."""
    found = await tokens.find(on, token)
    if found is None:
        return INACTIVE
    told = members(found, on.settings.issuer)
    del told["iss"]  # the issuer is an option of the server, which this command may not have been given
    return told


def readable(name: str, value: object) -> object:
    """Returns the value of a member, with `iat` and `exp` as people read moments."""
    return (
        output.moment(datetime.fromtimestamp(value, UTC))
        if name in ("iat", "exp") and isinstance(value, int)
        else value
    )


def shown(made: Made) -> dict[str, object]:
    """Returns the new token as a JSON object, with its text."""
    return {
        "id": str(made.token.id),
        "token": made.text,
        "name": made.token.name,
        "scope": made.token.scope,
        "resources": list(made.token.resources),
        "expires_at": output.moment(made.token.expires_at),
    }


def document(token: PersonalToken) -> dict[str, object]:
    """Returns the token as a JSON object, without its text."""
    return {
        "id": str(token.id),
        "user_id": token.user_id and str(token.user_id),
        "username": token.username,
        "client_id": token.client_id,
        "name": token.name,
        "scope": token.scope,
        "resources": list(token.resources),
        "created_at": output.moment(token.created_at),
        "expires_at": output.moment(token.expires_at),
        "used_at": output.moment(token.used_at),
        "works": token.living,
    }

"""`iam registration-token`."""

from datetime import datetime
from uuid import UUID

import click

from iam.administration.actions import registration_tokens as actions
from iam.administration.actions.models import MOST, Listing
from iam.administration.actions.registration_tokens import NamedInitialToken, NewInitialToken
from iam.administration.registration_tokens import MOST_USES
from iam.commands import moments, output
from iam.commands.actions import document, given, list_all, perform
from iam.commands.confirming import yes_option
from iam.commands.options import Group
from iam.commands.several import perform_each, several

COLUMNS = ("id", "uses_left", "scope", "created_at", "expires_at", "revoked_at")


@click.group(cls=Group, examples=["iam registration-token create --uses 1 --expires 2027-01-31"])
def command() -> None:
    """Initial access tokens (RFC 7591): their bearers may register clients at /register."""


@command.command(
    examples=[
        "iam registration-token create --uses 1",
        "iam registration-token create --expires 2027-01-31T12:00:00Z --scope 'read write' --json",
    ]
)
@click.option("--uses", metavar="N", type=click.IntRange(1, MOST_USES), help="How many clients it registers (any).")
@click.option("--expires", metavar="ISO8601", callback=moments.parse, help="When it expires (never).")
@click.option(
    "--scope", metavar='"S ..."', default="", help="What its clients may ask for besides the scopes of OpenID Connect."
)
def create(uses: int | None, expires: datetime | None, scope: str) -> None:
    """Make an initial access token. It is shown once, here and now."""
    shown = document(perform(actions.CREATE, NewInitialToken(**given(uses=uses, expires_at=expires), scope=scope)))
    first = {name: shown.pop(name) for name in ("id", "initial_access_token")}
    output.show(first | shown)
    if not output.json_wanted():
        click.echo("Take note of the token now: it is not shown again.")


@command.command("list", examples=["iam registration-token list --json"])
def list_() -> None:
    """List all initial access tokens, without the secrets."""
    tokens = sorted(list_all(actions.LIST, Listing(limit=MOST)), key=lambda token: (token.created_at, token.id))
    output.tabulate([document(token) for token in tokens], COLUMNS, "There are no initial access tokens.")


@command.command(examples=["iam registration-token revoke 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11"])
@several("token_ids", "ID", click.UUID)
@yes_option
def revoke(token_ids: tuple[UUID, ...], *, yes: bool) -> None:
    """Revoke each initial access token ID: it registers no more clients. Clients registered with it stay."""
    perform_each(
        actions.REVOKE,
        {each: NamedInitialToken(token=each) for each in token_ids},
        lambda ended: (f"The initial access token {ended.id} is revoked.", document(ended)),
        yes=yes,
    )

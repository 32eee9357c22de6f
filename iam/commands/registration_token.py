"""`iam registration-token`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import click

from iam.administration.administration import Administration
from iam.commands import output
from iam.commands.confirming import confirm_if_asked, yes_option
from iam.commands.options import Group
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE
from iam.records.registration import RegistrationToken
from iam.secrets import minted
from iam.secrets.minted import Kind

COLUMNS = ("id", "uses_left", "scope", "created_at", "expires_at", "revoked_at")
MOST_USES = 1_000_000


def moment(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime | None:
    """A moment of ISO 8601; without an offset it is in UTC."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter("Give a moment such as 2027-01-31 or 2027-01-31T12:00:00Z.") from None


@click.group(cls=Group, examples=["iam registration-token create --uses 1 --expires 2027-01-31"])
def command() -> None:
    """Initial access tokens (RFC 7591): who has one may register clients at /register."""


@command.command(
    examples=[
        "iam registration-token create --uses 1",
        "iam registration-token create --expires 2027-01-31T12:00:00Z --scope 'read write' --json",
    ]
)
@click.option("--uses", metavar="N", type=click.IntRange(1, MOST_USES), help="How many clients it is good for (any).")
@click.option("--expires", metavar="ISO8601", callback=moment, help="When it ends (never).")
@click.option(
    "--scope", metavar='"S ..."', default="", help="What its clients may ask for besides the scopes of OpenID Connect."
)
def create(uses: int | None, expires: datetime | None, scope: str) -> None:
    """Make an initial access token. It is shown once, here and now."""
    token_id, text = minted.identifier(), minted.mint(Kind.INITIAL_ACCESS_TOKEN)

    async def work(on: Administration) -> RegistrationToken:
        now = on.clock.now()
        if expires is not None and expires <= now:
            raise click.ClickException("--expires: this moment is over.")
        scopes = await known(on, scope.split())
        await on.store.registrations.create_token(
            token_id, minted.digest(text), scopes=scopes, uses=uses, expires_at=expires, now=now, by=COMMAND_LINE
        )
        return RegistrationToken(token_id, tuple(scopes), uses, now, expires, None)

    shown = document(run(work))
    output.show({"id": shown.pop("id"), "initial_access_token": text, **shown})
    if not output.json_wanted():
        click.echo("Take note of the token now: it is not shown again.")


@command.command("list", examples=["iam registration-token list --json"])
def list_() -> None:
    """List all initial access tokens, without the secrets."""
    tokens = run(lambda on: on.store.registrations.tokens())
    output.tabulate([document(token) for token in tokens], COLUMNS, "There are no initial access tokens.")


@command.command(examples=["iam registration-token revoke 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11"])
@click.argument("token_id", metavar="ID", type=click.UUID)
@yes_option
def revoke(token_id: UUID, *, yes: bool) -> None:
    """End the initial access token ID: it registers no more clients. Those that it has registered stay."""

    async def work(on: Administration) -> bool:
        for token in await on.store.registrations.tokens():
            if token.id == token_id and token.good(on.clock.now()):
                left = "any number of" if token.uses_left is None else str(token.uses_left)
                lost = [f"With it {left} clients more could be registered."]
                confirm_if_asked(f"Revoke the initial access token {token_id}?", lost, yes=yes)
        return await on.store.registrations.revoke_token(token_id, on.clock.now(), COMMAND_LINE)

    if not run(work):
        raise click.ClickException(f"There is no initial access token {token_id}, or it has been revoked already.")
    output.say(f"The initial access token {token_id} is revoked.", {"id": str(token_id), "revoked": True})


async def known(on: Administration, names: Sequence[str]) -> Sequence[str]:
    """The names, if there are such scopes."""
    scopes = [scope.name for scope in await on.store.scopes.all()]
    strange = [name for name in names if name not in scopes]
    if strange:
        raise click.ClickException(f"--scope: there is no scope {strange[0]}.")
    return names


def document(token: RegistrationToken) -> dict[str, object]:
    """The token for programs; not its text, which nobody has."""
    return {
        "id": str(token.id),
        "uses_left": token.uses_left,
        "scope": " ".join(token.scopes),
        "created_at": output.moment(token.created_at),
        "expires_at": output.moment(token.expires_at),
        "revoked_at": output.moment(token.revoked_at),
    }

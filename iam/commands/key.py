"""`iam key`."""

import click

from iam.administration.actions import keys as actions
from iam.administration.actions.keys import NamedKey, Rotation
from iam.administration.actions.models import MOST, Listing
from iam.commands import output
from iam.commands.actions import document, given, list_all, perform, perform_if_agreed
from iam.commands.confirming import yes_option
from iam.commands.options import Group
from iam.secrets.signing_keys import KINDS

COLUMNS = ("kid", "use", "alg", "state", "published_at", "active_at", "removed_at")


@click.group(cls=Group, examples=["iam key list", "iam key rotate"])
def command() -> None:
    """The server's keys. The servers make, publish, replace and remove them; here it is done by hand."""


@command.command("list", examples=["iam key list --json"])
def list_() -> None:
    """List all keys: published (will sign), active (signs), retired (only verifies), removed.

    Clients encrypt to the keys whose use is enc; a retired one still decrypts.
    """
    found = sorted(list_all(actions.LIST, Listing(limit=MOST)), key=lambda key: (key.alg, key.published_at))
    nothing = "There are no keys yet: the server makes them at its first start."
    output.tabulate([document(key) for key in found], COLUMNS, nothing)


@command.command(examples=["iam key rotate", "iam key rotate --alg ES256 --now"])
@click.option("--alg", type=click.Choice(KINDS), help="Only this algorithm's key (all).")
@click.option(
    "--now", "at_once", is_flag=True, help="Sign at once: clients that cached the old key set must fetch it again."
)
def rotate(alg: str | None, *, at_once: bool) -> None:
    """Publish new keys. They sign in a day, when all clients have them; the old ones stay published while needed."""
    added = perform(actions.ROTATE, Rotation(**given(alg=alg), at_once=at_once)).items
    nothing = "Another server published new keys at this moment."
    output.tabulate([document(key) for key in added], COLUMNS, nothing)


# a kid may begin with a hyphen
@command.command(examples=["iam key retire Zx1..."], context_settings={"ignore_unknown_options": True})
@click.argument("kid", metavar="KID")
@yes_option
def retire(kid: str, *, yes: bool) -> None:
    """Remove the key KID at once: nothing it signed is trusted any more. Another key takes its place."""
    removed = perform_if_agreed(actions.RETIRE, NamedKey(kid=kid), yes=yes)
    output.say(f"The key {kid} is removed.", document(removed))

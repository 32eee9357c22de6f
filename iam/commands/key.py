"""`iam key`."""

import click

from iam.administration import keys
from iam.commands import output
from iam.commands.confirming import run_if_agreed, yes_option
from iam.commands.options import Group
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE
from iam.records.signing_key import SigningKey
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
    found = run(keys.list_states)
    output.tabulate(
        [document(*each) for each in found], COLUMNS, "There are no keys yet: the server makes them at its first start."
    )


@command.command(examples=["iam key rotate", "iam key rotate --alg ES256 --now"])
@click.option("--alg", type=click.Choice(KINDS), help="Only this algorithm's key (all).")
@click.option(
    "--now", "at_once", is_flag=True, help="Sign at once: clients that cached the old key set must fetch it again."
)
def rotate(alg: str | None, *, at_once: bool) -> None:
    """Publish new keys. They sign in a day, when all clients have them; the old ones stay published while needed."""
    added = run(lambda on: keys.rotate(on, alg, COMMAND_LINE, at_once=at_once))
    nothing = "Another server published new keys at this moment."
    output.tabulate([document(*each) for each in added], COLUMNS, nothing)


# a kid may begin with a hyphen
@command.command(examples=["iam key retire Zx1..."], context_settings={"ignore_unknown_options": True})
@click.argument("kid", metavar="KID")
@yes_option
def retire(kid: str, *, yes: bool) -> None:
    """Remove the key KID at once: nothing it signed is trusted any more. Another key takes its place."""
    alg = run_if_agreed(keys.count_losses, keys.retire, kid, yes=yes)
    output.say(f"The key {kid} is removed.", {"kid": kid, "alg": alg, "removed": True})


def document(key: SigningKey, state: str) -> dict[str, object]:
    """Returns a key as a JSON object, without its private part."""
    return {
        "kid": key.kid,
        "use": key.public_key["use"],
        "alg": key.alg,
        "state": state,
        "published_at": output.moment(key.published_at),
        "active_at": output.moment(key.active_at),
        "removed_at": output.moment(key.removed_at),
    }

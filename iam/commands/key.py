"""`iam key`."""

from datetime import datetime

import click

from iam.administration.administration import Administration
from iam.commands import output
from iam.commands.confirming import confirm_if_asked, yes_option
from iam.commands.options import Group
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE
from iam.records.signing_key import SigningKey
from iam.secrets.signing_keys import KINDS, Keys

COLUMNS = ("kid", "use", "alg", "state", "published_at", "active_at", "removed_at")


@click.group(cls=Group, examples=["iam key list", "iam key rotate"])
def command() -> None:
    """The server's keys: made, published, replaced and removed by the servers themselves; here by hand."""


@command.command("list", examples=["iam key list --json"])
def list_() -> None:
    """List all keys: published (will sign), active (signs), retired (only verifies), removed.

    Those whose use is enc are encrypted to: a retired one still decrypts.
    """
    output.tabulate(run(listed), COLUMNS, "There are no keys yet: the server makes them at its first start.")


@command.command(examples=["iam key rotate", "iam key rotate --alg ES256 --now"])
@click.option("--alg", type=click.Choice(KINDS), help="Only this algorithm's key (all).")
@click.option(
    "--now", "at_once", is_flag=True, help="Sign with it at once: who has kept the old key set must ask again."
)
def rotate(alg: str | None, *, at_once: bool) -> None:
    """Publish new keys. They sign in a day, when everybody has them; the old ones stay published until nobody needs them."""

    async def work(on: Administration) -> list[dict[str, object]]:
        keys = signing_keys(on)
        added = [await keys.rotate(each, COMMAND_LINE, at_once=at_once) for each in ([alg] if alg else KINDS)]
        kids = {key.kid for key in added if key}
        return [document for document in await listed(on) if document["kid"] in kids]

    output.tabulate(run(work), COLUMNS, "Another server published new keys at this moment.")


@command.command(examples=["iam key retire Zx1..."])
@click.argument("kid", metavar="KID")
@yes_option
def retire(kid: str, *, yes: bool) -> None:
    """Trust the key KID no longer, at once: all that it signed is worth nothing. Another key takes its place."""

    async def work(on: Administration) -> str | None:
        known = [key for key in await listed(on) if key["kid"] == kid and key["state"] != "removed"]
        lost = [
            f"All that this {key['state']} key of {key['alg']} was used for is worth nothing then." for key in known
        ]
        if known:
            confirm_if_asked(f"Retire the key {kid}, for good?", lost, yes=yes)
        return await signing_keys(on).retire(kid, COMMAND_LINE)

    alg = run(work)
    if alg is None:
        raise click.ClickException(f"There is no key {kid}, or it is removed already.")
    output.say(f"The key {kid} is removed.", {"kid": kid, "alg": alg, "removed": True})


async def listed(on: Administration) -> list[dict[str, object]]:
    """Every key for programs."""
    now = on.clock.now()
    keys = await on.store.signing_keys.all()
    return [document(key, state(key, keys, now)) for key in keys]


def state(key: SigningKey, keys: tuple[SigningKey, ...], now: datetime) -> str:
    """What a key does."""
    if not key.trusted(now):
        return "removed"
    if not key.active(now):
        return "published"
    newer = any(other.alg == key.alg and other.generation > key.generation and other.active(now) for other in keys)
    return "retired" if newer else "active"


def document(key: SigningKey, word: str) -> dict[str, object]:
    """A key for programs, without its private part."""
    return {
        "kid": key.kid,
        "use": key.public_key["use"],
        "alg": key.alg,
        "state": word,
        "published_at": output.moment(key.published_at),
        "active_at": output.moment(key.active_at),
        "removed_at": output.moment(key.removed_at),
    }


def signing_keys(on: Administration) -> Keys:
    """The keys, which only who has the server key can use."""
    return on.keys()

"""`iam database`."""

from functools import partial
from pathlib import Path

import click

from iam.administration import grants
from iam.commands import output
from iam.commands.confirming import run_if_agreed, yes_option
from iam.commands.options import Group
from iam.commands.running import progress, react, read_settings
from iam.embedded.upgrade import Upgraded, upgrade
from iam.reactor import Reactor
from iam.settings import Settings

UPGRADE = "iam database upgrade --old-binaries /usr/lib/postgresql/15/bin"


@click.group(cls=Group, examples=[UPGRADE, "iam database restored"])
def command() -> None:
    """The database itself: its upgrade to a new version of PostgreSQL, and its restoration from a backup."""


@command.command("upgrade", examples=[UPGRADE])
@click.option(
    "--old-binaries",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path, resolve_path=True),
    help="The directory of the programs (postgres and others) of the version that made the database.",
)
def upgrade_database(*, old_binaries: Path) -> None:
    """Upgrade the database in the data directory from an older version of PostgreSQL.

    Stop the server first. The old version is started once more, for this command only; its contents are dumped,
    restored into a new database beside it, and compared. Only then do the two change places: if the command is
    interrupted before, nothing has changed. The old database is kept as postgresql.old-VERSION in the data directory,
    with its postgresql.conf: make your changes to that file again in the new one.
    """
    settings = read_settings()
    if settings.database is not None:
        raise click.ClickException(
            "The database of --database is not iam's own: upgrade it with PostgreSQL's own tools."
        )
    done = react(partial(upgraded, settings=settings, programs=old_binaries))
    tables, rows = len(done.rows), sum(done.rows.values())
    output.say(
        f"The database is now PostgreSQL {done.after}'s: {tables} tables with {rows} rows. "
        f"The old one is kept: remove {done.kept} when you miss nothing.",
        {"before": done.before, "after": done.after, "rows": done.rows, "kept": str(done.kept)},
    )


async def upgraded(reactor: Reactor, settings: Settings, programs: Path) -> Upgraded:
    """Upgrades, and returns what was done. Raises EmbeddedError."""
    return await upgrade(reactor, settings.data_dir, programs, progress=progress())


@command.command("restored", examples=["iam database restored"])
@yes_option
def restored(*, yes: bool) -> None:
    """Say that the database was restored from a backup; do so before the server starts on it.

    A backup does not know what was used, revoked or left since it was made. So all authorization codes, refresh tokens
    and access tokens issued until now become void, initial access tokens and links in mail too, and all sessions end:
    people log in again, and applications ask for new tokens. Mail that waits in the backup is not sent. Accounts,
    applications and consents stay as the backup has them. (A resource server that does not ask this server about an
    access token that is a JWT accepts it until it expires; `iam key retire` ends that too.)
    """
    now, sessions = run_if_agreed(grants.count_losses_of_void, grants.void, yes=yes)
    moment = output.moment(now)
    output.say(
        f"Everything issued before {moment} is void; {sessions} sessions are ended.",
        {"not_before": moment, "sessions": sessions},
    )

"""`iam migrate`."""

from functools import partial
from typing import Any

import click

from iam.commands import output
from iam.commands.options import Command
from iam.commands.running import missing, progress, react, read_settings
from iam.database import migration
from iam.database.threads import in_thread
from iam.reactor import Reactor
from iam.server.opening import start_embedded, survey_hosts
from iam.settings import Settings


@click.command(
    cls=Command, name="migrate", examples=["iam migrate --plan", "iam migrate", "iam migrate --server-role iam_server"]
)
@click.option("--plan", is_flag=True, help="Say what would be applied, and apply nothing.")
@click.option("--server-role", metavar="NAME", help="Let servers connect as this role, which owns nothing.")
def command(*, plan: bool, server_role: str | None) -> None:
    """Bring the database's schema up to date.

    The server does so by itself when it starts, unless it is told not to (--no-migrate).
    """
    if plan and server_role:
        raise click.UsageError("--plan applies nothing, so leave --server-role out.")
    settings = read_settings()
    work = partial(planned, settings=settings) if plan else partial(migrated, settings=settings, role=server_role)
    names = react(work)
    if output.json_wanted():
        output.write({"pending" if plan else "applied": names})
        return
    for name in names or ["Nothing to do."]:
        click.echo(name)


async def planned(reactor: Reactor, settings: Settings) -> list[str]:
    """Returns the migrations still to be applied; all of them if there is no database, which is not made."""
    if missing(settings):
        return [known.name for known in migration.migrations(migration.DIRECTORY)]
    return await on_schema(reactor, settings, migration.pending)


async def migrated(reactor: Reactor, settings: Settings, role: str | None) -> list[str]:
    """Applies the migrations and returns them; from then on servers may connect as `role`, if given."""

    def work(dsn: str) -> list[str]:
        names = migration.migrate(dsn)
        if role is not None:
            migration.admit(dsn, role)
        return names

    return await on_schema(reactor, settings, work)


async def on_schema(reactor: Reactor, settings: Settings, work: Any) -> list[str]:
    """Calls `work` in a thread with the primary's DSN; the schema may be of another version, so no store is opened."""
    embedded = await start_embedded(reactor, settings, progress())
    try:
        _, primary = ("", embedded.dsn) if embedded else await survey_hosts(reactor, settings)
        return await in_thread(reactor, work, primary)
    finally:
        if embedded is not None:
            await embedded.stop()

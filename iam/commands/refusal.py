"""`iam refusal`."""

from datetime import datetime

import click

from iam.administration.actions.models import MOST
from iam.administration.actions.refusals import LIST, RefusalListing
from iam.commands import moments, output
from iam.commands.actions import document, given, list_all
from iam.commands.options import Group

COLUMNS = ("id", "at", "endpoint", "client_id", "error", "failed", "expected", "got")


@click.group(cls=Group, examples=["iam refusal list --client 4Fh..."])
def command() -> None:
    """Requests that were refused in the last day, and why; iam explain tells of one."""


@command.command("list", examples=["iam refusal list", "iam refusal list --client 4Fh... --error invalid_scope --json"])
@click.option("--client", metavar="ID", help="Only those of this client.")
@click.option("--user", metavar="U", help="Only those of who was logged in as this person.")
@click.option("--endpoint", metavar="PATH", help="Only those of this endpoint, such as /authorize.")
@click.option("--error", metavar="E", help="Only those with this error, such as invalid_scope.")
@click.option("--since", metavar="ISO8601", callback=moments.parse, help="Only those after this moment.")
def list_(
    client: str | None, user: str | None, endpoint: str | None, error: str | None, since: datetime | None
) -> None:
    """List them, the latest first."""
    wanted = given(client=client, person=user, endpoint=endpoint, error=error, since=since)
    found = list_all(LIST, RefusalListing(**wanted, limit=MOST))
    output.tabulate([document(each) for each in found], COLUMNS, "Nothing was refused.")

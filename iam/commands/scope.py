"""`iam scope`."""

from collections.abc import Sequence

import click

from iam.commands import losses, output
from iam.commands.confirming import confirm, yes_option
from iam.commands.options import Group
from iam.commands.running import Administration, run
from iam.records.actor import COMMAND_LINE
from iam.records.scope import BUILT_IN, Scope
from iam.settings import SCOPE

COLUMNS = ("name", "description", "claims")


@click.group(cls=Group, examples=['iam scope create photos:read --description "Look at your photos"'])
def command() -> None:
    """Scopes: what a client may ask a person for, and how the consent page puts it."""


@command.command(
    examples=[
        'iam scope create photos:read --description "Look at your photos"',
        'iam scope create staff --description "Know your department" --claim department --claim employee_number',
        'iam scope create payroll:admin --description "Pay everybody" --restricted',
    ]
)
@click.argument("name")
@click.option("--description", required=True, metavar="D", help="What the person is asked to allow.")
@click.option(
    "--claim", "claims", metavar="NAME", multiple=True, help="What UserInfo says of the person for it. Repeatable."
)
@click.option("--restricted", is_flag=True, help="Only administrators give it to a client.")
def create(name: str, description: str, claims: Sequence[str], *, restricted: bool) -> None:
    """Create the scope NAME.

    Clients that exist already may ask for it once `iam client update` says so.
    """
    if not SCOPE.fullmatch(name):
        raise click.ClickException("A scope's name is 1 to 128 visible ASCII characters, without \" and \\.")
    if not description.strip():
        raise click.ClickException("The description is what a person is asked to allow: it cannot be empty.")
    if any(not claim.strip() for claim in claims):
        raise click.ClickException("--claim: the name of a claim cannot be empty.")
    scope = Scope(name, description.strip(), tuple(dict.fromkeys(claims)), restricted)
    if not run(lambda on: created(on, scope)):
        raise click.ClickException(f"There is a scope {name} already.")
    output.say(f"The scope {name} is created.", document(scope))


async def created(on: Administration, scope: Scope) -> bool:
    """Add it; False if there is one of this name."""
    now = on.clock.now()
    return await on.store.scopes.create(
        scope.name, scope.description, now, scope.claims, by=COMMAND_LINE, restricted=scope.restricted
    )


@command.command("list", examples=["iam scope list --json"])
def list_() -> None:
    """List all scopes."""
    scopes = run(lambda on: on.store.scopes.all())
    columns = (*COLUMNS, "restricted") if any(scope.restricted for scope in scopes) else COLUMNS
    output.tabulate([document(scope) for scope in scopes], columns, "There are no scopes.")


@command.command(examples=["iam scope delete photos:read", "iam scope delete photos:read --yes"])
@click.argument("name")
@yes_option
def delete(name: str, *, yes: bool) -> None:
    """Delete the scope NAME: no client may ask for it from now on. Those of OpenID Connect stay."""
    if name in BUILT_IN:
        raise click.ClickException(f"The scope {name} is one of OpenID Connect's own: it cannot be deleted.")

    async def work(on: Administration) -> bool:
        if any(scope.name == name for scope in await on.store.scopes.all()):
            confirm(f"Delete the scope {name}?", await losses.of_scope(on, name), yes=yes)
        return await on.store.scopes.delete(name, on.clock.now(), COMMAND_LINE)

    if not run(work):
        raise click.ClickException(f"There is no scope {name}.")
    output.say(f"The scope {name} is deleted.", {"name": name, "deleted": True})


def document(scope: Scope) -> dict[str, object]:
    """The scope for programs."""
    return {
        "name": scope.name,
        "description": scope.description,
        "claims": list(scope.claims),
        **({"restricted": True} if scope.restricted else {}),
    }

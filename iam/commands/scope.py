"""`iam scope`."""

from collections.abc import Sequence

import click

from iam.administration import scopes
from iam.administration.restrictions import count_losses_of_scope, restrict_scope
from iam.commands import output, restrictions
from iam.commands.confirming import run_if_agreed, yes_option
from iam.commands.options import Group
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE
from iam.records.scope import Scope

COLUMNS = ("name", "description", "claims")


@click.group(cls=Group, examples=['iam scope create photos:read --description "Look at your photos"'])
def command() -> None:
    """Scopes: the permissions that clients may request, and what the consent page says about them."""


@command.command(
    examples=[
        'iam scope create photos:read --description "Look at your photos"',
        'iam scope create staff --description "Know your department" --claim department --claim employee_number',
        'iam scope create groups --description "Know which groups you are in" --derived',
        'iam scope create payroll:admin --description "Pay everybody" --restricted --acr 2',
    ]
)
@click.argument("name")
@click.option("--description", required=True, metavar="D", help="What the person is asked to allow.")
@click.option(
    "--claim", "claims", metavar="NAME", multiple=True, help="A claim that UserInfo returns for it. Repeatable."
)
@click.option("--restricted", is_flag=True, help="Only administrators give it to a client.")
@click.option(
    "--acr",
    metavar="LEVEL",
    help="How well people must have proved who they are: 2 for two factors, phr for a passkey.",
)
@click.option(
    "--derived", is_flag=True, help="Of groups or roles: its claim says which groups and roles people have here."
)
def create(
    name: str, description: str, claims: Sequence[str], *, restricted: bool, acr: str | None, derived: bool
) -> None:
    """Create the scope NAME.

    Existing clients may ask for it once `iam client update` adds it to theirs.
    """
    wanted = Scope(name, description, tuple(claims), restricted, acr, derived)
    scope = run(lambda on: scopes.create(on, wanted, COMMAND_LINE))
    output.say(f"The scope {name} is created.", document(scope))


@command.command("list", examples=["iam scope list --json"])
def list_() -> None:
    """List all scopes."""
    known = run(lambda on: on.store.scopes.all())
    documents = [document(scope) for scope in known]
    more = [name for name in ("restricted", "acr", "members_only") if any(name in each for each in documents)]
    output.tabulate(documents, (*COLUMNS, *more), "There are no scopes.")


@command.command(
    examples=["iam scope restrict payroll:admin --group payroll", "iam scope restrict payroll:admin --everybody"]
)
@click.argument("name")
@restrictions.options
@yes_option
def restrict(name: str, groups: tuple[str, ...], *, yes: bool) -> None:
    """Give the scope NAME to the members of some groups alone; others get what they ask for without it."""
    run_if_agreed(count_losses_of_scope, restrict_scope, name, groups, yes=yes)
    restrictions.say(f"The scope {name}", {"name": name}, groups)


@command.command(examples=["iam scope delete photos:read", "iam scope delete photos:read --yes"])
@click.argument("name")
@yes_option
def delete(name: str, *, yes: bool) -> None:
    """Delete the scope NAME: no client may ask for it from now on. Those of OpenID Connect cannot be deleted."""
    run_if_agreed(scopes.count_losses, scopes.delete, name, yes=yes)
    output.say(f"The scope {name} is deleted.", {"name": name, "deleted": True})


def document(scope: Scope) -> dict[str, object]:
    """Returns the scope as a JSON object."""
    return {
        "name": scope.name,
        "description": scope.description,
        "claims": list(scope.claims),
        **({"restricted": True} if scope.restricted else {}),
        **({"acr": scope.acr} if scope.acr else {}),
        **({"members_only": True} if scope.members_only else {}),
        **({"derived": True} if scope.derived else {}),
    }

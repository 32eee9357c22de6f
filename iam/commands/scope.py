"""`iam scope`."""

from collections.abc import Sequence

import click

from iam.administration.actions import scopes as actions
from iam.administration.actions.models import MOST, Listing
from iam.administration.actions.scopes import NamedScope, NewScope, Restriction, ShownScope
from iam.commands import output, restrictions
from iam.commands.actions import document, given, list_all, perform, perform_if_agreed
from iam.commands.confirming import yes_option
from iam.commands.options import Group
from iam.records.scope import ADMINISTRATIVE

COLUMNS = ("name", "description", "claims")
SELDOM = ("restricted", "acr", "members_only", "derived")  # what few scopes have
OURS = tuple(ADMINISTRATIVE)


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
    more = given(restricted=restricted, acr=acr, derived=derived)
    wish = NewScope(name=name, description=description, claims=list(claims), **more)
    output.say(f"The scope {name} is created.", shown(perform(actions.CREATE, wish)))


@command.command("list", examples=["iam scope list --json"])
def list_() -> None:
    """List all scopes."""
    documents = [shown(scope) for scope in sorted(list_all(actions.LIST, Listing(limit=MOST)), key=rank)]
    more = [name for name in SELDOM[:-1] if any(name in each for each in documents)]
    output.tabulate(documents, (*COLUMNS, *more), "There are no scopes.")


@command.command(examples=["iam scope show photos:read"])
@click.argument("name")
def show(name: str) -> None:
    """Show the scope NAME."""
    output.show(shown(perform(actions.SHOW, NamedScope(scope=name))))


@command.command(
    examples=["iam scope restrict payroll:admin --group payroll", "iam scope restrict payroll:admin --everybody"]
)
@click.argument("name")
@restrictions.options
@yes_option
def restrict(name: str, groups: tuple[str, ...], *, yes: bool) -> None:
    """Give the scope NAME to the members of some groups alone; others get what they ask for without it."""
    perform_if_agreed(actions.RESTRICT, Restriction(scope=name, groups=list(groups)), yes=yes)
    restrictions.say(f"The scope {name}", {"name": name}, groups)


@command.command(examples=["iam scope delete photos:read", "iam scope delete photos:read --yes"])
@click.argument("name")
@yes_option
def delete(name: str, *, yes: bool) -> None:
    """Delete the scope NAME: no client may ask for it from now on. Those of OpenID Connect cannot be deleted."""
    gone = perform_if_agreed(actions.DELETE, NamedScope(scope=name), yes=yes)
    output.say(f"The scope {name} is deleted.", document(gone))


def rank(scope: ShownScope) -> tuple[int, str, str]:
    """Returns the sort key of a scope: in the order of creation, those of the administration last."""
    return (OURS.index(scope.name) if scope.name in OURS else -1, str(scope.created_at or ""), scope.name)


def shown(scope: ShownScope) -> dict[str, object]:
    """Returns the scope as a JSON object; of what few scopes have, only what this one has."""
    told = document(scope)
    named = {name: told[name] for name in COLUMNS}
    return named | {name: told[name] for name in SELDOM if told[name]}

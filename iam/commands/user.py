"""`iam user`."""

from functools import partial

import click
from pydantic import SecretStr

from iam.administration.actions import people as actions
from iam.administration.actions.models import MOST, Listing
from iam.administration.actions.person import (
    DeletedPerson,
    Disabling,
    NamedPerson,
    NewPassword,
    NewPerson,
    Person,
    PersonChange,
)
from iam.commands import asking, claims, invitations, obstacles, output
from iam.commands.actions import Performer, document, given, list_all, perform, together
from iam.commands.confirming import yes_option
from iam.commands.factors import reset_factors
from iam.commands.options import Group
from iam.commands.several import perform_each, several

COLUMNS = ("username", "email", "name", "superuser", "disabled", "created_at")


NEXT = " Nobody can log in to the account yet: `iam user invite` prints a link by which they choose a password."

who = click.argument("username", metavar="USERNAME")
everybody = several("usernames", "USERNAME")
email_option = click.option("--email", metavar="E", help="The e-mail address.")
name_option = click.option("--name", metavar="N", help="The name that others see.")
claim_option = click.option(
    "--claim",
    "given_claims",
    metavar="K=V",
    multiple=True,
    callback=claims.parse,
    help="A claim; the value is JSON where it parses, else text. Repeatable.",
)
keep_grants_option = click.option(
    "--keep-grants", is_flag=True, help="Let the applications keep what they were granted."
)
password_hash_option = click.option(
    "--password-hash-stdin",
    is_flag=True,
    help="Read from standard input a hash that Django has made of the password, or an argon2id hash.",
)
password_option = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@click.group(cls=Group, examples=["iam user list", "iam user disable alice"])
def command() -> None:
    """People: who may log in. They are named by username or by id."""


@command.command(
    examples=[
        "iam user create --username alice --email alice@example.org --password-stdin < password.txt",
        """iam user create --username bob --claim department=Sales --claim 'roles=["editor"]'""",
        "iam user create --username carol --password-hash-stdin < hash.txt",
    ]
)
@click.option("--username", metavar="U", required=True, help="The name to log in with.")
@email_option
@name_option
@claim_option
@click.option("--email-verified", is_flag=True, help="The address is known to be theirs.")
@password_option
@password_hash_option
def create(
    username: str,
    email: str | None,
    name: str | None,
    given_claims: dict[str, object],
    *,
    email_verified: bool,
    password_stdin: bool,
    password_hash_stdin: bool,
) -> None:
    """Create a person's account. Without a password nobody can log in to it (iam user invite, iam user set-password)."""
    if password_stdin and password_hash_stdin:
        raise click.UsageError("Give a password or its hash, not both.")
    password = asking.line_on_input("The password") if password_stdin else None
    hashed = asking.line_on_input("The hash") if password_hash_stdin else None
    told = given(
        email=email,
        name=name,
        claims=given_claims or None,
        email_verified=email_verified or None,
        password=None if password is None else SecretStr(password),
        password_hash=None if hashed is None else SecretStr(hashed),
    )
    user = perform(actions.CREATE, NewPerson(username=username, **told))
    locked = password is None and hashed is None
    output.say(f"The person {user.username} is created.{NEXT if locked else ''}", document(user))


@command.command("list", examples=["iam user list", "iam user list --json"])
def list_() -> None:
    """List all people."""
    everybody = sorted(list_all(actions.LIST, Listing(limit=MOST)), key=lambda user: (user.created_at, user.id))
    output.tabulate([document(user) for user in everybody], COLUMNS, "There are no people yet.")


@command.command(examples=["iam user show alice"])
@who
def show(username: str) -> None:
    """Show a person's account."""
    output.show(document(perform(actions.SHOW, NamedPerson(person=username))))


@command.command(
    examples=[
        "iam user update alice --email alice@example.org --email-verified",
        "iam user update bob --remove-claim roles",
        "iam user update bob --superuser",
    ]
)
@who
@email_option
@name_option
@claim_option
@click.option("--remove-claim", "removed", metavar="K", multiple=True, help="A claim to remove. Repeatable.")
@click.option("--email-verified/--email-unverified", default=None, help="Whether the address is known to be theirs.")
@click.option("--superuser/--no-superuser", default=None, help="Whether they administer this server, from now on.")
def update(
    username: str,
    email: str | None,
    name: str | None,
    given_claims: dict[str, object],
    removed: tuple[str, ...],
    *,
    email_verified: bool | None,
    superuser: bool | None,
) -> None:
    """Change a person's account; what is not named stays. A new address counts as unverified.

    With --no-superuser the person stays logged in, and applications keep what they were granted.
    """
    told = given(
        email=email,
        name=name,
        email_verified=email_verified,
        claims=given_claims or None,
        removed_claims=list(removed) or None,
        superuser=superuser,
    )
    user = perform(actions.UPDATE, PersonChange(person=username, **told))
    output.say(f"The person {user.username} is updated.", document(user))


@command.command(
    examples=["iam user disable alice", "iam user disable alice bob", "iam user disable alice --keep-grants"]
)
@everybody
@keep_grants_option
@yes_option
def disable(usernames: tuple[str, ...], *, keep_grants: bool, yes: bool) -> None:
    """Disable the accounts of people: their sessions and grants end for good, and enabling one brings none of them back.

    Grants that are kept (--keep-grants) do not work until the account is enabled again.
    """
    wishes = {name: Disabling(person=name, keep_grants=keep_grants) for name in usernames}
    perform_each(actions.DISABLE, wishes, partial(tell, "disabled"), yes=yes)


@command.command(examples=["iam user enable alice"])
@everybody
def enable(usernames: tuple[str, ...]) -> None:
    """Enable the accounts of people again."""
    perform_each(actions.ENABLE, named(usernames), partial(tell, "enabled"))


@command.command(examples=["iam user delete alice", "iam user delete alice bob --yes"])
@everybody
@yes_option
def delete(usernames: tuple[str, ...], *, yes: bool) -> None:
    """Delete the accounts of people, their sessions and consents, and end everything they granted."""
    perform_each(actions.DELETE, named(usernames), partial(tell, "deleted"), yes=yes)


def named(usernames: tuple[str, ...]) -> dict[str, NamedPerson]:
    """Returns the inputs that name these people."""
    return {name: NamedPerson(person=name) for name in usernames}


def tell(done: str, user: Person | DeletedPerson) -> tuple[str, output.Document]:
    """Returns what is said of a person to whom something is done."""
    return f"The person {user.username} is {done}.", document(user)


@command.command(
    "set-password",
    examples=["iam user set-password alice", "iam user set-password alice --password-stdin < password.txt"],
)
@who
@password_option
@keep_grants_option
def set_password(username: str, *, password_stdin: bool, keep_grants: bool) -> None:
    """Set a new password, which is asked for at the terminal. Sessions and grants end."""
    if not password_stdin and not asking.interactive():
        raise click.UsageError("Without a terminal to ask at, --password-stdin is needed.")
    answers = {"password": asking.line_on_input("The password")} if password_stdin else {}

    async def work(do: Performer) -> Person:
        person = await do(actions.SHOW, NamedPerson(person=username))  # nobody is asked for a password of nobody

        async def change(password: str) -> Person:
            wish = NewPassword(person=str(person.id), password=SecretStr(password), keep_grants=keep_grants)
            return await do(actions.SET_PASSWORD, wish)

        return await asking.until_valid(answers, {"password": asking.new_password}, change)

    user = together(work)
    output.say(f"The person {user.username} has a new password.", document(user))


command.add_command(invitations.invite)
command.add_command(invitations.reset_password)
command.add_command(reset_factors)
command.add_command(obstacles.explain)
command.add_command(obstacles.unthrottle)

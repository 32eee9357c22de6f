"""`iam createsuperuser`."""

from collections.abc import Container
from functools import partial

import click

from iam.administration import people
from iam.administration.actions.person import Person
from iam.administration.administration import Administration
from iam.commands import asking, output
from iam.commands.actions import document
from iam.commands.options import Command
from iam.commands.running import missing, read_settings, run
from iam.records.actor import COMMAND_LINE
from iam.records.user import User

QUESTIONS = {
    "username": lambda: asking.text("Username"),
    "email": lambda: asking.text("E-mail address"),
    "password": asking.new_password,
}


@click.command(
    cls=Command,
    name="createsuperuser",
    examples=[
        "iam createsuperuser",
        "iam createsuperuser --username root --email root@example.org --password-stdin < password.txt",
    ],
)
@click.option("--username", metavar="U", help="The name to log in with.")
@click.option("--email", metavar="E", help="The e-mail address.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def command(username: str | None, email: str | None, *, password_stdin: bool) -> None:
    """Make an administrator. Values missing in the options are asked for at the terminal."""
    given = {"username": username, "email": email}
    answers = {field: answer for field, answer in given.items() if answer is not None}
    if not asking.interactive():
        refuse_gaps(answers, password_stdin=password_stdin)
    if password_stdin:
        answers["password"] = asking.line_on_input("The password")
    user = run(lambda on: created(on, answers), make=wanted())
    output.say(f"The administrator {user.username} is created.", document(Person.of(user)))


def wanted() -> bool:
    """Whether to make the database, if there is none: only if a person at the terminal agrees."""
    settings = read_settings()
    if not missing(settings) or not asking.interactive():
        return False
    return asking.agreed(f"There is no database in {settings.data_dir}. Make one?")


def refuse_gaps(answers: Container[str], *, password_stdin: bool) -> None:
    """Raises UsageError for missing options; without a terminal nobody can be asked."""
    missing = [f"--{field}" for field in ("username", "email") if field not in answers]
    missing += [] if password_stdin else ["--password-stdin"]
    if missing:
        raise click.UsageError(f"Without a terminal to ask at, {' and '.join(missing)} must be given.")


async def created(on: Administration, answers: dict[str, str]) -> User:
    """Creates the administrator; asks for missing answers, and again for unusable ones."""
    create = partial(people.create_administrator, on, by=COMMAND_LINE)
    return await asking.until_valid(answers, QUESTIONS, create)

"""Options of every command: which database or server, and whether the answer is JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from iam.server.help_texts import help_text

DATABASE = "iam.database"
DATA_DIR = "iam.data_dir"
CONFIG = "iam.config"
SERVER = "iam.server"
JSON = "iam.json"


def remember(context: click.Context, option: click.Parameter, value: object) -> None:
    """Stores an option for the command that needs it: options may stand before or behind the command's name."""
    if value:
        context.meta[f"iam.{option.name}"] = value


def customary() -> list[click.Parameter]:
    """Returns the options that every command has."""
    database = "The PostgreSQL to work on, as for the server (none: the one in the data directory)."
    told: dict[str, Any] = {"expose_value": False, "callback": remember}
    return [
        click.Option(["--database"], metavar="DSN", help=database, **told),
        click.Option(["--data-dir"], metavar="DIR", help="The server's data directory.", **told),
        click.Option(
            ["--config"],
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="The server's TOML file of options.",
            **told,
        ),
        click.Option(
            ["--server"],
            metavar="URL",
            help="Work through the API of this server instead of its database (iam login).",
            **told,
        ),
        click.Option(["--json"], is_flag=True, help="Answer with one JSON document.", **told),
    ]


class Command(click.Command):
    """A command with the customary options, and examples at the end of its help."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **explained(kwargs))
        self.params += customary()
        self.examples = examples

    def invoke(self, context: click.Context) -> Any:
        """Runs the command; what no input of an action can have becomes a sentence, with exit status 1."""
        try:
            return super().invoke(context)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            raise click.ClickException(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from None

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the examples."""
        write_examples(self.examples, formatter)


class Group(click.Group):
    """A group of commands with the customary options, and examples at the end of its help."""

    command_class = Command

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **explained(kwargs))
        self.params += customary()
        self.examples = examples

    def list_commands(self, context: click.Context) -> list[str]:
        """Lists the commands in the order in which the module defines them."""
        return list(self.commands)

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the examples."""
        write_examples(self.examples, formatter)


def explained(told: dict[str, Any]) -> dict[str, Any]:
    """Returns the keyword arguments of a command, with the help text of its function if none is given."""
    callback = told.get("callback")
    return told if told.get("help") or callback is None else {**told, "help": help_text(callback)}


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    """Writes a section of examples, whose lines are not wrapped so that they can be copied."""
    with formatter.section("Examples" if examples[1:] else "Example"):
        for example in examples:
            formatter.write(f"{'':>{formatter.current_indent}}{example}\n")

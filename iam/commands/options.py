"""What every command understands: where the database is, and who reads the answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from iam.server.help_texts import help_text

DATABASE = "iam.database"
DATA_DIR = "iam.data_dir"
CONFIG = "iam.config"
JSON = "iam.json"


def remember(context: click.Context, option: click.Parameter, value: object) -> None:
    """Keep an option for whichever command comes to need it: it may stand before or behind the command's name."""
    if value:
        context.meta[f"iam.{option.name}"] = value


def customary() -> list[click.Parameter]:
    """The options that every command has."""
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
        click.Option(["--json"], is_flag=True, help="Answer with one JSON document.", **told),
    ]


class Command(click.Command):
    """A command with the customary options, and examples at the end of its help."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **explained(kwargs))
        self.params += customary()
        self.examples = examples

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, as they are to be typed."""
        write_examples(self.examples, formatter)


class Group(click.Group):
    """The commands of one noun, likewise."""

    command_class = Command

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **explained(kwargs))
        self.params += customary()
        self.examples = examples

    def list_commands(self, context: click.Context) -> list[str]:
        """The commands in the order of the module, which is that of a life."""
        return list(self.commands)

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, as they are to be typed."""
        write_examples(self.examples, formatter)


def explained(told: dict[str, Any]) -> dict[str, Any]:
    """What a command is made of, with its help."""
    callback = told.get("callback")
    return told if told.get("help") or callback is None else {**told, "help": help_text(callback)}


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    """A section of lines that are not wrapped, so that they can be copied."""
    with formatter.section("Examples" if examples[1:] else "Example"):
        for example in examples:
            formatter.write(f"{'':>{formatter.current_indent}}{example}\n")

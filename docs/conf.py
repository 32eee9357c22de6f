"""How `make docs` builds the documentation (Sphinx, with Markdown by MyST): a broken link fails, the command line writes its own page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from iam.commands.main import iam
from iam.commands.options import customary

project = "iam"
extensions = ["myst_parser"]
html_theme = "alabaster"
html_theme_options = {"description": "A standalone OAuth 2.0 and OpenID Connect authorization server"}
html_show_copyright = False
myst_heading_anchors = 3
smartquotes = False  # two dashes begin an option
highlight_language = "text"

CONTENTS = """
```{toctree}
:hidden:
:glob:
tutorial
guides/*
reference/*
contributing
architecture
decisions/*
```
"""
CUSTOMARY = {option.opts[0] for option in customary()}


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", complete)


def complete(_app: Any, page: str, source: list[str]) -> None:
    """Add to a page what would only be in the way of who reads it as a file, or would go out of date there."""
    if page == "index":
        source[0] += CONTENTS
    if page == "contributing":
        source[0] = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text().replace("](docs/", "](")
    if page == "reference/command-line":
        source[0] = source[0].replace("\n`make docs` puts all of that below.", "") + "\n" + "\n".join(sections(iam))


def sections(command: click.Command, path: str = "iam") -> Iterator[str]:
    """A section for the command, and for those below it."""
    context = click.Context(command, info_name=path)
    if path != "iam":
        yield f"{'#' * (path.count(' ') + 1)} {path}\n\n{sentences(command)}\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from sections(below, f"{path} {name}")
        return
    yield f"```text\n{' '.join([path, *command.collect_usage_pieces(context)])}\n```\n"
    yield from options(command, context)
    yield "```sh\n" + "\n".join(getattr(command, "examples", ())) + "\n```\n"


def sentences(command: click.Command) -> str:
    """What the command does: its docstring, one paragraph a line."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in (command.help or "").split("\n\n"))


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    """A table of the options of this command alone."""
    records = [
        parameter.get_help_record(context)
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.opts[0] not in CUSTOMARY
    ]
    rows = [f"| `{cell(name)}` | {cell(meaning)} |" for name, meaning in filter(None, records)]
    if rows:
        yield "\n".join(["| option | meaning |", "|---|---|", *rows, ""])


def cell(text: str) -> str:
    """A text in a table."""
    return text.replace("|", "\\|")

"""`iam mcp`."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

import click

from iam.administration.actions import mcp as actions
from iam.administration.actions.mcp import AddedMcpServer, NewMcpServer
from iam.commands import output
from iam.commands.actions import document, perform
from iam.commands.options import Group

AUDIENCE: Final = "All clients may ask for it (--clients all), those too that registered themselves or are documents."


@click.group(cls=Group, examples=["iam mcp add https://mcp.example.org/mcp --scope tools:use"])
def command() -> None:
    """Servers of the Model Context Protocol (MCP), which are resources."""


@command.command(
    examples=[
        "iam mcp add https://mcp.example.org/mcp --scope tools:use",
        "iam mcp add https://mcp.example.org/mcp --scope files:read --scope files:write",
    ]
)
@click.argument("url", metavar="URL")
@click.option(
    "--scope", "scopes", metavar="S", multiple=True, help="A scope that clients may get for it (all). Repeatable."
)
def add(url: str, scopes: Sequence[str]) -> None:
    """Add the MCP server at URL: the resource, its scopes, and all clients as those who may ask for it.

    Scopes that there are not are made; make them first, with iam scope create, to choose what people read about them.
    """
    added = perform(actions.ADD, NewMcpServer(resource=url, scopes=list(scopes)))
    output.say(f"The resource {added.resource} is registered. {AUDIENCE}", document(added))
    if not output.json_wanted():
        for line in instructions(added):
            click.echo(output.printable(line))


def instructions(added: AddedMcpServer) -> Iterator[str]:
    """Yields the lines that say what the server tells its clients, and how these connect."""
    yield from ("", f"Its metadata are at {added.metadata_uri}:", *json.dumps(added.metadata, indent=2).splitlines())
    yield from ("", "It answers 401 with this header to who has no token:", f"  {added.challenge}", "", "To connect:")
    width = max(len(each.client) for each in added.connections)
    yield from (f"  {each.client:<{width}}  {each.how}" for each in added.connections)

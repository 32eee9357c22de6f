"""`iam resource`."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click

from iam.administration import resources
from iam.administration.resources import Terms
from iam.commands import output
from iam.commands.confirming import run_if_agreed, yes_option
from iam.commands.options import Group
from iam.commands.running import run
from iam.oauth.resources import FORMATS, JWT
from iam.records.actor import COMMAND_LINE
from iam.records.resource import ADMINISTERED, AUDIENCES, EVERYBODY, NAMED, Resource
from iam.secrets.signing_keys import ALGORITHMS

F = TypeVar("F", bound=Callable[..., Any])

COLUMNS = ("resource", "scopes", "token_format", "lifetime", "client_id", "clients", "enabled")
OPTIONS: Final = (
    click.option(
        "--scope", "scopes", metavar="S", multiple=True, help="A scope that clients may get for it (all). Repeatable."
    ),
    click.option("--token-format", type=click.Choice(FORMATS), help="opaque, or a JWT of RFC 9068 (opaque)."),
    click.option("--signing-alg", type=click.Choice(ALGORITHMS), help="How its JWTs are signed (ES256)."),
    click.option(
        "--lifetime", metavar="S", type=int, help="Seconds that its tokens live (36000; JWTs 600, at most 3600)."
    ),
    click.option(
        "--client", "client_id", metavar="ID", help="The client that may introspect tokens for it: the resource server."
    ),
    click.option(
        "--clients",
        type=click.Choice(AUDIENCES),
        help="Which clients may ask for it (administered). administered: those that somebody here answers for; all: "
        "also those that registered themselves, which may then ask for its scopes; named: those of --allow-client.",
    ),
    click.option(
        "--allow-client", "allowed", metavar="ID", multiple=True, help="A client that may ask for it too. Repeatable."
    ),
)
AUDIENCE: Final = {
    ADMINISTERED: "Clients that somebody here answers for may ask for it",
    EVERYBODY: "All clients may ask for it, those too that registered themselves",
    NAMED: "No clients may ask for it",
}

which = click.argument("uri", metavar="URI")


@click.group(cls=Group, examples=["iam resource create https://api.example.org --scope read --token-format jwt"])
def command() -> None:
    """Resources: what clients request tokens for by `resource` (RFC 8707), and the form of those tokens."""


def customary(function: F) -> F:
    """Adds the options of `create` and `update`."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


@command.command(
    examples=[
        "iam resource create https://api.example.org --scope read --scope write",
        "iam resource create https://mcp.example.org --scope tools:use --clients all",
        "iam resource create https://api.example.org --token-format jwt --lifetime 600",
        "iam resource create https://api.example.org --client 4Fh...",
    ]
)
@which
@customary
def create(uri: str, scopes: Sequence[str], allowed: Sequence[str], **named: Any) -> None:
    """Register the resource URI.

    URIs that differ only in capital letters in the host, the default port, or a lone slash behind the host are the same
    resource (RFC 3986, 6.2).
    """
    terms = Terms(scopes=named_set(scopes), allowed_clients=named_set(allowed), **named)
    resource = run(lambda on: resources.create(on, uri, terms, COMMAND_LINE))
    output.say(f"The resource {uri} is registered. {audience(resource)}", document(resource))


@command.command("list", examples=["iam resource list --json"])
def list_() -> None:
    """List all resources."""
    known = run(lambda on: on.store.resources.by_uri())
    output.tabulate([document(resource) for resource in known.values()], COLUMNS, "There are no resources.")


@command.command(examples=["iam resource show https://api.example.org"])
@which
def show(uri: str) -> None:
    """Show the resource URI: its scopes, its tokens, and which clients may ask for it."""
    output.show(document(run(lambda on: resources.find(on, uri))))


@command.command(
    examples=[
        "iam resource update https://mcp.example.org --clients all",
        "iam resource update https://api.example.org --clients named --allow-client 4Fh... --allow-client 9Xw...",
    ]
)
@which
@customary
@click.option("--no-allow-client", "none_allowed", is_flag=True, help="Clear the list of --allow-client.")
def update(uri: str, scopes: Sequence[str], allowed: Sequence[str], *, none_allowed: bool, **named: Any) -> None:
    """Change the resource URI; what is not named stays, a named list replaces the old one.

    Clients that may no longer ask for it lose their tokens for it too, except JWTs, which last until they expire.
    People are asked before a client gets a scope there that they were not shown.
    """
    clients = frozenset[str]() if none_allowed else named_set(allowed)
    terms = Terms(scopes=named_set(scopes), allowed_clients=clients, **named)
    resource = run(lambda on: resources.update(on, uri, terms, COMMAND_LINE))
    output.say(f"The resource {resource.uri} is changed. {audience(resource)}", document(resource))


@command.command(examples=["iam resource disable https://api.example.org"])
@which
@yes_option
def disable(uri: str, *, yes: bool) -> None:
    """Disable the resource URI: its tokens stop working until it is enabled."""
    say_enabled(run_if_agreed(resources.count_losses_of_disabling, resources.disable, uri, yes=yes))


@command.command(examples=["iam resource enable https://api.example.org"])
@which
def enable(uri: str) -> None:
    """Enable the resource URI: its tokens work again."""
    say_enabled(run(lambda on: resources.enable(on, uri, COMMAND_LINE)))


@command.command(
    examples=["iam resource delete https://api.example.org", "iam resource delete https://api.example.org --yes"]
)
@which
@yes_option
def delete(uri: str, *, yes: bool) -> None:
    """Delete the resource URI, and with it all tokens for it."""
    name = run_if_agreed(resources.count_losses_of_deleting, resources.delete, uri, yes=yes).uri
    output.say(f"The resource {name} is deleted.", {"resource": name, "deleted": True})


def named_set(names: Sequence[str]) -> frozenset[str] | None:
    """Returns the values of a repeatable option; None if it is left out."""
    return frozenset(names) or None


def say_enabled(resource: Resource) -> None:
    """Says whether the resource is enabled."""
    word = "enabled" if resource.enabled else "disabled"
    output.say(f"The resource {resource.uri} is {word}.", {"resource": resource.uri, "enabled": resource.enabled})


def audience(resource: Resource) -> str:
    """Returns a sentence that says which clients may ask for tokens, and advice if some of them cannot use it."""
    named = f", and {' '.join(sorted(resource.allowed_clients))}" if resource.allowed_clients else ""
    if resource.clients == NAMED and named:
        return f"Only {named.removeprefix(', and ')} may ask for it."
    useless = resource.clients == EVERYBODY and resource.token_format == JWT and not resource.scopes
    advice = (
        " The latter get no JWTs, though, for a resource that names no scopes: name some by --scope." if useless else ""
    )
    return f"{AUDIENCE[resource.clients]}{named}.{advice}"


def document(resource: Resource) -> dict[str, object]:
    """Returns the resource as a JSON object."""
    return {
        "resource": resource.uri,
        "scopes": sorted(resource.scopes),
        "token_format": resource.token_format,
        "signing_alg": resource.signing_alg,
        "lifetime": resource.lifetime,
        "client_id": resource.client_id,
        "clients": resource.clients,
        "allowed_clients": sorted(resource.allowed_clients),
        "enabled": resource.enabled,
        "created_at": output.moment(resource.created_at),
    }

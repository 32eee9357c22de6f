"""`iam resource`."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click

from iam.administration.actions import resources as actions
from iam.administration.actions.models import MOST, Listing
from iam.administration.actions.resource import NamedResource, ResourceTerms, ShownResource
from iam.commands import output
from iam.commands.actions import document, given, list_all, perform, perform_if_agreed
from iam.commands.confirming import yes_option
from iam.commands.options import Group
from iam.oauth.resources import FORMATS, JWT
from iam.records.resource import ADMINISTERED, AUDIENCES, EVERYBODY, NAMED
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
    wish = terms(uri, scopes=list(scopes) or None, allowed_clients=list(allowed) or None, **named)
    resource = perform(actions.CREATE, wish)
    output.say(f"The resource {uri} is registered. {audience(resource)}", document(resource))


@command.command("list", examples=["iam resource list --json"])
def list_() -> None:
    """List all resources."""
    known = sorted(list_all(actions.LIST, Listing(limit=MOST)), key=lambda each: (each.created_at, each.resource))
    output.tabulate([document(resource) for resource in known], COLUMNS, "There are no resources.")


@command.command(examples=["iam resource show https://api.example.org"])
@which
def show(uri: str) -> None:
    """Show the resource URI: its scopes, its tokens, and which clients may ask for it."""
    output.show(document(perform(actions.SHOW, NamedResource(resource=uri))))


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
    clients = [] if none_allowed else list(allowed) or None
    resource = perform(actions.UPDATE, terms(uri, scopes=list(scopes) or None, allowed_clients=clients, **named))
    output.say(f"The resource {resource.resource} is changed. {audience(resource)}", document(resource))


@command.command(examples=["iam resource disable https://api.example.org"])
@which
@yes_option
def disable(uri: str, *, yes: bool) -> None:
    """Disable the resource URI: its tokens stop working until it is enabled."""
    say_enabled(perform_if_agreed(actions.DISABLE, NamedResource(resource=uri), yes=yes))


@command.command(examples=["iam resource enable https://api.example.org"])
@which
def enable(uri: str) -> None:
    """Enable the resource URI: its tokens work again."""
    say_enabled(perform(actions.ENABLE, NamedResource(resource=uri)))


@command.command(
    examples=["iam resource delete https://api.example.org", "iam resource delete https://api.example.org --yes"]
)
@which
@yes_option
def delete(uri: str, *, yes: bool) -> None:
    """Delete the resource URI, and with it all tokens for it."""
    gone = perform_if_agreed(actions.DELETE, NamedResource(resource=uri), yes=yes)
    output.say(f"The resource {gone.resource} is deleted.", document(gone))


def terms(uri: str, **named: object) -> ResourceTerms:
    """Returns what a command says of a resource."""
    return ResourceTerms(resource=uri, **given(**named))


def say_enabled(resource: ShownResource) -> None:
    """Says whether the resource is enabled."""
    word = "enabled" if resource.enabled else "disabled"
    told = {"resource": resource.resource, "enabled": resource.enabled}
    output.say(f"The resource {resource.resource} is {word}.", told)


def audience(resource: ShownResource) -> str:
    """Returns a sentence that says which clients may ask for tokens, and advice if some of them cannot use it."""
    named = f", and {' '.join(sorted(resource.allowed_clients))}" if resource.allowed_clients else ""
    if resource.clients == NAMED and named:
        return f"Only {named.removeprefix(', and ')} may ask for it."
    useless = resource.clients == EVERYBODY and resource.token_format == JWT and not resource.scopes
    advice = (
        " The latter get no JWTs, though, for a resource that names no scopes: name some by --scope." if useless else ""
    )
    return f"{AUDIENCE[resource.clients]}{named}.{advice}"

"""`iam resource`."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click
from attrs import evolve

from iam.administration.administration import Administration
from iam.commands import losses, output
from iam.commands.confirming import confirm, confirm_if_asked, yes_option
from iam.commands.options import Group
from iam.commands.running import run
from iam.oauth import resources as rules
from iam.oauth.resources import FORMATS, JWT, LIFETIMES
from iam.records.actor import COMMAND_LINE
from iam.records.resource import ADMINISTERED, AUDIENCES, EVERYBODY, NAMED, Resource
from iam.secrets.signing_keys import ALGORITHMS

F = TypeVar("F", bound=Callable[..., Any])

COLUMNS = ("resource", "scopes", "token_format", "lifetime", "client_id", "clients", "enabled")
OPTIONS: Final = (
    click.option(
        "--scope", "scopes", metavar="S", multiple=True, help="A scope that means something there (all). Repeatable."
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
        help="Which clients may ask for it (administered). administered: those that somebody here answers for; all: also "
        "those that registered themselves, which may then ask for its scopes; named: only those of --allow-client.",
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
    """Resources: what clients ask tokens for by `resource` (RFC 8707), and what those tokens are like."""


def customary(function: F) -> F:
    """The options of `create` and `update`."""
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
def create(uri: str, scopes: Sequence[str], token_format: str | None, allowed: Sequence[str], **told: Any) -> None:
    """Register the resource URI.

    A URI is the same however it is written: with capital letters in its host, its usual port, a slash or none behind the host
    (RFC 3986, 6.2).
    """
    token_format = token_format or FORMATS[0]

    async def work(on: Administration) -> Resource:
        resource = Resource(
            uri=uri,
            scopes=frozenset(scopes),
            token_format=token_format,
            lifetime=LIFETIMES[token_format].default if told["lifetime"] is None else told["lifetime"],
            client_id=told["client_id"],
            created_at=on.clock.now(),
            disabled_at=None,
            signing_alg=told["signing_alg"] or ALGORITHMS[0],
            clients=told["clients"] or ADMINISTERED,
            allowed_clients=frozenset(allowed),
        )
        await judge(on, resource)
        if not await on.store.resources.create(
            uri,
            scopes=scopes,
            token_format=resource.token_format,
            signing_alg=resource.signing_alg,
            lifetime=resource.lifetime,
            client_id=resource.client_id,
            clients=resource.clients,
            allowed_clients=resource.allowed_clients,
            now=resource.created_at,
            by=COMMAND_LINE,
        ):
            there = await on.store.resources.find(uri)
            raise click.ClickException(f"There is a resource {there.uri if there else uri} already.")
        return await found(on, uri)

    resource = run(work)
    output.say(f"The resource {uri} is registered. {audience(resource)}", document(resource))


@command.command("list", examples=["iam resource list --json"])
def list_() -> None:
    """List all resources."""
    resources = run(lambda on: on.store.resources.by_uri())
    output.tabulate([document(resource) for resource in resources.values()], COLUMNS, "There are no resources.")


@command.command(examples=["iam resource show https://api.example.org"])
@which
def show(uri: str) -> None:
    """Show the resource URI: its scopes, its tokens, and which clients may ask for it."""
    output.show(document(run(lambda on: found(on, uri))))


@command.command(
    examples=[
        "iam resource update https://mcp.example.org --clients all",
        "iam resource update https://api.example.org --clients named --allow-client 4Fh... --allow-client 9Xw...",
    ]
)
@which
@customary
@click.option("--no-allow-client", "none_allowed", is_flag=True, help="Name no clients any longer.")
def update(
    uri: str,
    scopes: Sequence[str],
    allowed: Sequence[str],
    *,
    none_allowed: bool,
    **told: Any,
) -> None:
    """Change the resource URI; what is not named stays, a list that is named replaces the old one.

    Who may ask for it no longer has no tokens for it either, but for JWTs until they expire. People are asked before a client
    gets a scope there that they were not shown.
    """

    async def work(on: Administration) -> Resource:
        old = await found(on, uri)
        given: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
        if "token_format" in given and "lifetime" not in given:
            given["lifetime"] = min(old.lifetime, LIFETIMES[given["token_format"]].longest)
        clients = frozenset() if none_allowed else frozenset(allowed) or old.allowed_clients
        if told["clients"] or allowed or none_allowed:
            given["clients_since"] = None
        new = evolve(old, scopes=frozenset(scopes) or old.scopes, allowed_clients=clients, **given)
        await judge(on, new, old)
        if not await on.store.resources.update(new, on.clock.now(), COMMAND_LINE):
            raise click.ClickException(f"There is no resource {uri}.")
        return await found(on, uri)

    resource = run(work)
    output.say(f"The resource {resource.uri} is changed. {audience(resource)}", document(resource))


@command.command(examples=["iam resource disable https://api.example.org"])
@which
@yes_option
def disable(uri: str, *, yes: bool) -> None:
    """Let all tokens for the resource URI rest."""
    change(uri, enabled=False, yes=yes)


@command.command(examples=["iam resource enable https://api.example.org"])
@which
def enable(uri: str) -> None:
    """Let the tokens for the resource URI live again."""
    change(uri, enabled=True, yes=True)


@command.command(
    examples=["iam resource delete https://api.example.org", "iam resource delete https://api.example.org --yes"]
)
@which
@yes_option
def delete(uri: str, *, yes: bool) -> None:
    """Delete the resource URI, and with it all tokens for it."""

    async def work(on: Administration) -> str:
        name = (await found(on, uri)).uri
        confirm(f"Delete the resource {name}?", await losses.of_resource(on, name), yes=yes)
        await on.store.resources.delete(name, on.clock.now(), COMMAND_LINE)
        return name

    name = run(work)
    output.say(f"The resource {name} is deleted.", {"resource": name, "deleted": True})


def change(uri: str, *, enabled: bool, yes: bool) -> None:
    """Enable or disable a resource."""

    async def work(on: Administration) -> str:
        name = (await found(on, uri)).uri
        if not enabled:
            confirm_if_asked(f"Disable the resource {name}?", await losses.of_resource(on, name), yes=yes)
        now = on.clock.now()
        await on.store.resources.set_disabled(name, None if enabled else now, now, COMMAND_LINE)
        return name

    name = run(work)
    output.say(
        f"The resource {name} is {'enabled' if enabled else 'disabled'}.", {"resource": name, "enabled": enabled}
    )


async def found(on: Administration, uri: str) -> Resource:
    """The resource that is meant by this URI, or a sentence."""
    resource = await on.store.resources.find(uri)
    if resource is None:
        raise click.ClickException(f"There is no resource {uri}.")
    return resource


async def judge(on: Administration, resource: Resource, old: Resource | None = None) -> None:
    """Say what is wrong with a resource that is to be, if anything; what it has named already may be gone since."""
    known = [scope.name for scope in await on.store.scopes.all()]
    if old is not None and resource.scopes == old.scopes:
        known += sorted(old.scopes.difference(known))
    complaint = rules.complaint(resource.uri, resource.scopes, resource.token_format, resource.lifetime, known)
    if complaint:
        raise click.ClickException(complaint)
    for client_id in sorted({*resource.allowed_clients, *filter(None, [resource.client_id])}):
        if await on.store.clients.read(client_id) is None:
            raise click.ClickException(f"There is no client {client_id}.")


def audience(resource: Resource) -> str:
    """Which clients may ask for it, in words."""
    named = f", and {' '.join(sorted(resource.allowed_clients))}" if resource.allowed_clients else ""
    if resource.clients == NAMED and named:
        return f"Only {named.removeprefix(', and ')} may ask for it."
    useless = resource.clients == EVERYBODY and resource.token_format == JWT and not resource.scopes
    advice = (
        " The latter get no JWTs, though, for a resource that names no scopes: name some by --scope." if useless else ""
    )
    return f"{AUDIENCE[resource.clients]}{named}.{advice}"


def document(resource: Resource) -> dict[str, object]:
    """The resource for programs."""
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

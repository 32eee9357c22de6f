"""`iam resource`."""

from collections.abc import Sequence

import click

from iam.accounts.actors import COMMAND_LINE
from iam.commands import losses, output
from iam.commands.confirming import confirm, confirm_if_asked, yes_option
from iam.commands.options import Group
from iam.commands.running import Administration, run
from iam.oauth import resources as rules
from iam.oauth.resources import FORMATS, LIFETIMES
from iam.openid.keys import ALGORITHMS
from iam.store.resources import Resource

COLUMNS = ("resource", "scopes", "token_format", "lifetime", "client_id", "enabled")

which = click.argument("uri", metavar="URI")


@click.group(cls=Group, examples=["iam resource create https://api.example.org --scope read --token-format jwt"])
def command() -> None:
    """Resources: what clients ask tokens for by `resource` (RFC 8707), and what those tokens are like."""


@command.command(
    examples=[
        "iam resource create https://api.example.org --scope read --scope write",
        "iam resource create https://api.example.org --token-format jwt --lifetime 600",
        "iam resource create https://api.example.org --client 4Fh...",
    ]
)
@which
@click.option(
    "--scope", "scopes", metavar="S", multiple=True, help="A scope that means something there (all). Repeatable."
)
@click.option(
    "--token-format", type=click.Choice(FORMATS), default=FORMATS[0], help="opaque, or a JWT of RFC 9068 (opaque)."
)
@click.option(
    "--signing-alg", type=click.Choice(ALGORITHMS), default=ALGORITHMS[0], help="How its JWTs are signed (ES256)."
)
@click.option("--lifetime", metavar="S", type=int, help="Seconds that its tokens live (36000; JWTs 600, at most 3600).")
@click.option(
    "--client", "client_id", metavar="ID", help="The client that may introspect tokens for it: the resource server."
)
def create(
    uri: str,
    scopes: Sequence[str],
    token_format: str,
    signing_alg: str,
    lifetime: int | None,
    client_id: str | None,
) -> None:
    """Register the resource URI."""
    seconds = LIFETIMES[token_format].default if lifetime is None else lifetime

    async def work(on: Administration) -> Resource:
        known = [scope.name for scope in await on.store.scopes.all()]
        complaint = rules.complaint(uri, scopes, token_format, seconds, known)
        if complaint:
            raise click.ClickException(complaint)
        if client_id is not None and await on.store.clients.read(client_id) is None:
            raise click.ClickException(f"There is no client {client_id}.")
        if not await on.store.resources.create(
            uri,
            scopes=scopes,
            token_format=token_format,
            signing_alg=signing_alg,
            lifetime=seconds,
            client_id=client_id,
            now=on.clock.now(),
            by=COMMAND_LINE,
        ):
            raise click.ClickException(f"There is a resource {uri} already.")
        return (await on.store.resources.by_uri())[uri]

    output.say(f"The resource {uri} is registered.", document(run(work)))


@command.command("list", examples=["iam resource list --json"])
def list_() -> None:
    """List all resources."""
    resources = run(lambda on: on.store.resources.by_uri())
    output.tabulate([document(resource) for resource in resources.values()], COLUMNS, "There are no resources.")


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

    async def work(on: Administration) -> bool:
        if uri in await on.store.resources.by_uri():
            confirm(f"Delete the resource {uri}?", await losses.of_resource(on, uri), yes=yes)
        return await on.store.resources.delete(uri, on.clock.now(), COMMAND_LINE)

    if not run(work):
        raise click.ClickException(f"There is no resource {uri}.")
    output.say(f"The resource {uri} is deleted.", {"resource": uri, "deleted": True})


def change(uri: str, *, enabled: bool, yes: bool) -> None:
    """Enable or disable a resource."""

    async def work(on: Administration) -> bool:
        if not enabled and uri in await on.store.resources.by_uri():
            confirm_if_asked(f"Disable the resource {uri}?", await losses.of_resource(on, uri), yes=yes)
        now = on.clock.now()
        return await on.store.resources.set_disabled(uri, None if enabled else now, now, COMMAND_LINE)

    if not run(work):
        raise click.ClickException(f"There is no resource {uri}.")
    output.say(f"The resource {uri} is {'enabled' if enabled else 'disabled'}.", {"resource": uri, "enabled": enabled})


def document(resource: Resource) -> dict[str, object]:
    """The resource for programs."""
    return {
        "resource": resource.uri,
        "scopes": sorted(resource.scopes),
        "token_format": resource.token_format,
        "signing_alg": resource.signing_alg,
        "lifetime": resource.lifetime,
        "client_id": resource.client_id,
        "enabled": resource.enabled,
        "created_at": output.moment(resource.created_at),
    }

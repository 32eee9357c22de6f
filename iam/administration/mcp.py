"""Servers of the Model Context Protocol: resources for all clients, and how these connect to them."""

import json
import re
import shlex
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from attrs import frozen

from iam.administration import resources, scopes
from iam.administration.administration import Administration
from iam.administration.resources import Terms
from iam.clients import uris
from iam.oauth import resource_metadata
from iam.records.actor import By
from iam.records.invalid import Invalid, complain
from iam.records.resource import EVERYBODY, Resource
from iam.records.scope import Scope

NO_SERVER: Final = "Give the address of the MCP server, such as https://mcp.example.org/mcp."


@frozen
class Connection:
    """How a client connects to a server: what to type, or where to write what."""

    client: str
    how: str


async def add(on: Administration, uri: str, names: Sequence[str], by: By) -> Resource:
    """Registers an MCP server as a resource that all clients may ask for, with scopes, which are made if there are none.

    Raises Invalid.
    """
    complain(uri=uris.complaint(uri) and NO_SERVER, scopes=next(filter(None, map(scopes.name_complaint, names)), None))
    if there := await on.store.resources.find(uri):
        raise Invalid({"uri": f"There is a resource {there.uri} already."})
    known = {scope.name for scope in await on.store.scopes.all()}
    for name in dict.fromkeys(names):
        if name not in known:
            await scopes.create(on, Scope(name, f"{name} at {urlsplit(uri).netloc}"), by)
    return await resources.create(on, uri, Terms(scopes=frozenset(names), clients=EVERYBODY), by)


async def issuer_of(on: Administration) -> str:
    """Returns the issuer of the servers on this database."""
    return await on.store.service.issuer() or on.settings.issuer


def challenge(issuer: str, resource: Resource) -> str:
    """Returns the header by which the server sends clients here that have no token (RFC 9728 §5.1)."""
    scope = f', scope="{" ".join(sorted(resource.scopes))}"' if resource.scopes else ""
    return f'WWW-Authenticate: Bearer resource_metadata="{resource_metadata.address(issuer, resource.uri)}"{scope}'


def connections(uri: str) -> list[Connection]:
    """Returns how the clients that are known connect."""
    name = re.sub(r"[^a-z0-9]+", "-", (urlsplit(uri).hostname or "").lower()).strip("-")
    code = shlex.quote(json.dumps({"name": name, "type": "http", "url": uri}))
    cursor = json.dumps({"mcpServers": {name: {"url": uri}}})
    return [
        Connection("Claude Code", f"claude mcp add --transport http {name} {shlex.quote(uri)}"),
        Connection("VS Code", f"code --add-mcp {code}"),
        Connection("Cursor", f"in ~/.cursor/mcp.json: {cursor}"),
        Connection("Claude, ChatGPT", f"Settings, Connectors, Add: {uri}"),
    ]

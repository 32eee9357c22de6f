"""What can be done with servers of the Model Context Protocol, which are resources."""

from typing import Final

from pydantic import Field

from iam.administration import mcp
from iam.administration.actions.action import Action
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.actions.resource import ShownResource
from iam.administration.administration import Administration
from iam.oauth import resource_metadata


class NewMcpServer(Model):
    """An MCP server, with the scopes that clients may get for it."""

    resource: str = Field(min_length=1, description="Its address, such as https://mcp.example.org/mcp.")
    scopes: list[str] = Field(
        default_factory=list, description="The scopes that clients may get for it, made if there are none; none: all."
    )


class McpConnection(Model):
    """How a client connects."""

    client: str
    how: str


class AddedMcpServer(ShownResource):
    """An MCP server as a resource, what it says about itself, and how clients connect to it."""

    metadata_uri: str = Field(description="Where this server says it for it (RFC 9728).")
    metadata: dict[str, object] = Field(description="What is said there; the MCP server may say it itself.")
    challenge: str = Field(description="The header of its 401 answers, by which clients find all this.")
    connections: list[McpConnection]


async def add(on: Administration, wish: NewMcpServer, operator: Operator) -> AddedMcpServer:
    """Adds an MCP server. Raises Invalid."""
    resource = await mcp.add(on, wish.resource, wish.scopes, operator.by)
    issuer = await mcp.issuer_of(on)
    return AddedMcpServer(
        **dict(ShownResource.of(resource)),
        metadata_uri=resource_metadata.address(issuer, resource.uri),
        metadata=resource_metadata.document(issuer, resource.uri, sorted(resource.scopes)),
        challenge=mcp.challenge(issuer, resource),
        connections=[McpConnection(client=each.client, how=each.how) for each in mcp.connections(resource.uri)],
    )


ADD: Final = Action(
    "resource.add_mcp",
    "Add an MCP server: a resource that all clients may ask for, those too that registered themselves or are documents.",
    "POST",
    "/resources/mcp",
    NewMcpServer,
    AddedMcpServer,
    add,
    creates=True,
    identity="resource",
)

ACTIONS: Final = (ADD,)

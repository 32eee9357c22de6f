"""What can be done with resources."""

from typing import Final

from iam.administration import resources
from iam.administration.actions.action import Action
from iam.administration.actions.models import Listing, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import part
from iam.administration.actions.readers import AUDITORS, DEVELOPERS
from iam.administration.actions.resource import DeletedResource, NamedResource, ResourceTerms, ShownResource
from iam.administration.administration import Administration
from iam.administration.replacing import replaced


async def list_resources(on: Administration, wish: Listing, _: Operator) -> Page[ShownResource]:
    """Lists resources by their URIs. Raises Invalid."""
    known = (await on.store.resources.by_uri()).values()
    found, following = part(known, wish, lambda resource: resource.uri)
    return Page[ShownResource](items=list(map(ShownResource.of, found)), next=following)


async def show(on: Administration, wish: NamedResource, _: Operator) -> ShownResource:
    """Returns a resource. Raises Missing."""
    return ShownResource.of(await resources.find(on, wish.resource))


async def create(on: Administration, wish: ResourceTerms, operator: Operator) -> ShownResource:
    """Registers a resource. Raises Invalid."""
    return ShownResource.of(await resources.create(on, wish.resource, wish.terms, operator.by))


async def update(on: Administration, wish: ResourceTerms, operator: Operator) -> ShownResource:
    """Changes a resource. Raises Invalid and Missing."""
    key = (await resources.find(on, wish.resource)).uri
    changed = await replaced(on, "resources", key, lambda: resources.update(on, key, wish.terms, operator.by))
    return ShownResource.of(changed)


async def disable(on: Administration, wish: NamedResource, operator: Operator) -> ShownResource:
    """Disables a resource. Raises Invalid and Missing."""
    return ShownResource.of(await resources.disable(on, wish.resource, operator.by))


async def enable(on: Administration, wish: NamedResource, operator: Operator) -> ShownResource:
    """Enables a resource. Raises Missing."""
    return ShownResource.of(await resources.enable(on, wish.resource, operator.by))


async def delete(on: Administration, wish: NamedResource, operator: Operator) -> DeletedResource:
    """Deletes a resource. Raises Invalid and Missing."""
    return DeletedResource(resource=(await resources.delete(on, wish.resource, operator.by)).uri)


LIST: Final = Action(
    "resource.list",
    "List resources.",
    "GET",
    "/resources",
    Listing,
    Page[ShownResource],
    list_resources,
    roles=AUDITORS | DEVELOPERS,
)
SHOW: Final = Action(
    "resource.show",
    "Show a resource.",
    "GET",
    "/resources/{resource}",
    NamedResource,
    ShownResource,
    show,
    roles=AUDITORS | DEVELOPERS,
    identity="resource",
)
CREATE: Final = Action(
    "resource.create",
    "Register a resource, which clients request tokens for (RFC 8707).",
    "POST",
    "/resources",
    ResourceTerms,
    ShownResource,
    create,
    creates=True,
    identity="resource",
)
UPDATE: Final = Action(
    "resource.update",
    "Change a resource.",
    "PATCH",
    "/resources/{resource}",
    ResourceTerms,
    ShownResource,
    update,
)
DISABLE: Final = Action(
    "resource.disable",
    "Disable a resource: its tokens stop working until it is enabled.",
    "POST",
    "/resources/{resource}/disable",
    NamedResource,
    ShownResource,
    disable,
    losses=lambda on, wish: resources.count_losses_of_disabling(on, wish.resource),
)
ENABLE: Final = Action(
    "resource.enable",
    "Enable a resource: its tokens work again.",
    "POST",
    "/resources/{resource}/enable",
    NamedResource,
    ShownResource,
    enable,
)
DELETE: Final = Action(
    "resource.delete",
    "Delete a resource, and with it all tokens for it.",
    "DELETE",
    "/resources/{resource}",
    NamedResource,
    DeletedResource,
    delete,
    losses=lambda on, wish: resources.count_losses_of_deleting(on, wish.resource),
    sensitive=True,
)

ACTIONS: Final = (LIST, SHOW, CREATE, UPDATE, DISABLE, ENABLE, DELETE)

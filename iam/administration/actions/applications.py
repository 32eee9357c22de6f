"""What can be done with applications, which are the clients of the protocol."""

from collections.abc import Sequence
from secrets import token_bytes
from typing import Final

from iam.administration import client_changes, client_secrets, clients, own_clients, people
from iam.administration.actions import application, performing
from iam.administration.actions.action import Action, Forbidden
from iam.administration.actions.application import (
    METHOD,
    RESERVED,
    Application,
    ApplicationChange,
    ApplicationListing,
    ApplicationSecret,
    DeletedApplication,
    NamedApplication,
    NewApplication,
    Rotation,
    SwitchedApplication,
    Transfer,
    by_member,
    said,
)
from iam.administration.actions.models import Model, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import cut, day_and_text, place
from iam.administration.actions.readers import AUDITORS, DEVELOPERS
from iam.administration.administration import Administration
from iam.administration.client_warnings import warnings
from iam.administration.own_clients import TooMany
from iam.administration.replacing import replaced
from iam.clients.registrants import Registrants
from iam.records.client import Client
from iam.records.client_metadata import Metadata, changed
from iam.records.invalid import Invalid, Missing
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.store.clients import Wanted

THEIRS: Final = "You see your own applications alone: leave out the owner."
NOBODY: Final = "Only a person has applications of their own."


async def list_applications(on: Administration, wish: ApplicationListing, operator: Operator) -> Page[Application]:
    """Lists applications by name, unused ones by their last use; to developers their own. Raises Invalid."""
    sought = await wanted(on, wish, operator)
    if wish.unused:
        return await list_unused(on, wish, sought)
    after = place(wish.after, 2) or ["", ""]
    rows = await on.store.clients.page(after[0], after[1], wish.limit + 1, sought)
    found, following = cut(rows, wish.limit, lambda client: [client.name.lower(), client.id])
    return Page[Application](items=await several(on, found), next=following)


async def list_unused(on: Administration, wish: ApplicationListing, sought: Wanted) -> Page[Application]:
    """Lists applications that nobody uses: those first that were never used, then those whose last use is longest ago."""
    day, client_id = day_and_text(wish.after)
    rows = await on.store.clients.unused(clients.unused_since(on), day, client_id, wish.limit + 1, sought)
    found, following = cut(rows, wish.limit, lambda row: ["" if row[0] is None else row[0].isoformat(), row[1].id])
    return Page[Application](items=await several(on, [client for _, client in found]), next=following)


async def wanted(on: Administration, wish: ApplicationListing, operator: Operator) -> Wanted:
    """Returns which applications are asked for; of who may not see others', their own alone. Raises Missing and Forbidden."""
    seeing = operator.has_one_of(AUDITORS)
    if wish.owner and not seeing:
        raise Forbidden(THEIRS)
    owner_id = (await people.find(on, wish.owner)).id if wish.owner else None if seeing else operator.user_id
    return Wanted(wish.search.lower(), owner_id, wish.registered_itself, wish.disabled)


async def show(on: Administration, wish: NamedApplication, _: Operator) -> Application:
    """Returns an application. Raises Missing."""
    return await shown(on, await clients.find(on, wish.application))


async def create(on: Administration, wish: NewApplication, operator: Operator) -> ApplicationSecret:
    """Registers an application. Raises Invalid."""
    given = said(wish)
    proposed = client_changes.propose(wish.client_name, people=bool(given.get("redirect_uris")))
    try:
        if operator.administrator:
            return await create_any(on, changed(proposed, given), wish, operator)
        asked = changed(await own_clients.usual(on, proposed, operator.roles), given)
        return await secret_of(on, await create_own(on, asked, operator))
    except Missing as missing:
        raise Invalid({"owner": str(missing)}) from None
    except Invalid as invalid:
        raise by_member(invalid) from None


async def create_any(
    on: Administration, asked: Metadata, wish: NewApplication, operator: Operator
) -> ApplicationSecret:
    """Registers an application for whoever is named, with the id and the secret that are. Raises Invalid."""
    chosen = wish.client_secret.get_secret_value() if wish.client_secret else None
    client, secret = await clients.create(
        on, asked, operator.by, client_id=wish.client_id, secret=chosen, owner=wish.owner
    )
    return await secret_of(on, (client, None if chosen else secret))


async def create_own(on: Administration, asked: Metadata, operator: Operator) -> tuple[Client, str | None]:
    """Registers an application that belongs to the operator. Raises Invalid, and Forbidden if they have too many."""
    if operator.user_id is None:
        raise Forbidden(NOBODY)
    client_id, secret = minted.client_id(token_bytes(32)), minted.mint(Kind.CLIENT_SECRET)
    try:
        return await own_clients.register(on, client_id, secret, asked, operator.user_id, operator.roles, operator.by)
    except TooMany as error:
        raise Forbidden(str(error)) from None


async def update(on: Administration, wish: ApplicationChange, operator: Operator) -> ApplicationSecret:
    """Changes an application. Raises Invalid and Missing."""
    key = wish.application
    return await secret_of(on, await replaced(on, "applications", key, lambda: replace(on, wish, operator)))


async def replace(on: Administration, wish: ApplicationChange, operator: Operator) -> tuple[Client, str | None]:
    """Changes an application as it is now; returns it with a new secret, if it needs one. Raises Invalid and Missing."""
    old, given = await clients.find(on, wish.application), said(wish)
    try:
        asked = changed(client_changes.give_up(old, given), given)
        if operator.administrator:
            return await clients.update(on, old, asked, operator.by)
        if reset := sorted(RESERVED & wish.model_fields_set):  # null is no default here
            raise Forbidden(performing.RESERVED.format(", ".join(reset)))
        return await own_clients.update(on, old, asked, operator.roles, operator.by), None
    except Invalid as invalid:
        raise by_member(invalid) from None


async def transfer(on: Administration, wish: Transfer, operator: Operator) -> Application:
    """Gives an application to a person, or to nobody. Raises Invalid and Missing."""
    client = await clients.find(on, wish.application)
    try:
        return await shown(on, await clients.transfer(on, client.id, wish.owner, operator.by))
    except Missing as missing:
        raise Invalid({"owner": str(missing)}) from None


async def rotate_secret(on: Administration, wish: Rotation, operator: Operator) -> ApplicationSecret:
    """Gives an application a new secret. Raises Invalid and Missing."""
    return await secret_of(on, await client_secrets.rotate(on, wish.application, operator.by, keep=wish.keep))


async def disable(on: Administration, wish: SwitchedApplication, operator: Operator) -> Application:
    """Disables an application, or all of its host. Raises Missing and Invalid."""
    if wish.host:
        return await shown(on, await clients.disable_host(on, wish.application, operator.by))
    own = not operator.administrator
    return await shown(on, await clients.disable(on, wish.application, operator.by, own=own))


async def enable(on: Administration, wish: SwitchedApplication, operator: Operator) -> Application:
    """Enables an application, or all of its host.

    Raises Missing, Invalid, and Forbidden for an owner if an administrator has disabled it.
    """
    if wish.host:
        return await shown(on, await clients.enable_host(on, wish.application, operator.by))
    client = await clients.enable(on, wish.application, operator.by, own=not operator.administrator)
    if not client.enabled:
        raise Forbidden(clients.NOT_THE_OWNERS)
    return await shown(on, client)


async def delete(on: Administration, wish: NamedApplication, operator: Operator) -> DeletedApplication:
    """Deletes an application. Raises Missing."""
    client = await clients.delete(on, wish.application, operator.by)
    return DeletedApplication(client_id=client.id, client_name=client.name)


async def owns(on: Administration, wish: NamedApplication, operator: Operator) -> bool:
    """Whether it is the operator's own. Raises Missing for who may know of no others."""
    client = await clients.find(on, wish.application)
    if operator.user_id is None or client.owner_id != operator.user_id:
        raise clients.missing(wish.application)
    return True


async def admitted(on: Administration, _: Model, operator: Operator) -> bool:
    """Whether the operator is a person who may have applications of their own."""
    return operator.user_id is not None and Registrants(on.settings).admitted(operator.roles)


async def secret_of(on: Administration, made: tuple[Client, str | None]) -> ApplicationSecret:
    """Returns an application with its secret."""
    client, secret = made
    told = await shown(on, client)
    return ApplicationSecret(client_id=client.id, client_secret=secret, application=told, warnings=warnings(client))


async def shown(on: Administration, client: Client) -> Application:
    """Returns what is said about an application."""
    return (await several(on, [client]))[0]


async def several(on: Administration, found: Sequence[Client]) -> list[Application]:
    """Returns what is said about these applications."""
    last, since = await on.store.strangers.last([client.id for client in found]), clients.unused_since(on)
    groups = await on.store.restrictions.groups_of_clients([client.id for client in found if client.members_only])
    return [application.shown(client, groups.get(client.id, []), last.get(client.id), since) for client in found]


LIST: Final = Action(
    "application.list",
    "List applications by name, unused ones by their last use; who only has applications of their own gets these.",
    "GET",
    "/applications",
    ApplicationListing,
    Page[Application],
    list_applications,
    roles=AUDITORS | DEVELOPERS,
    owns=admitted,
)
SHOW: Final = Action(
    "application.show",
    "Show an application.",
    "GET",
    "/applications/{application}",
    NamedApplication,
    Application,
    show,
    roles=AUDITORS,
    owns=owns,
    identity="client_id",
)
CREATE: Final = Action(
    "application.create",
    "Register an application. Its secret is shown once.",
    "POST",
    "/applications",
    NewApplication,
    ApplicationSecret,
    create,
    roles=DEVELOPERS,
    owns=admitted,
    reserved=RESERVED - {METHOD} | {"client_id", "owner"},
    creates=True,
    identity="client_id",
)
UPDATE: Final = Action(
    "application.update",
    "Change an application.",
    "PATCH",
    "/applications/{application}",
    ApplicationChange,
    ApplicationSecret,
    update,
    owns=owns,
    reserved=RESERVED,
)
TRANSFER: Final = Action(
    "application.transfer",
    "Give an application to another person, or to nobody; its secrets and all it was granted stay as they are.",
    "POST",
    "/applications/{application}/transfer",
    Transfer,
    Application,
    transfer,
    sensitive=True,
)
ROTATE_SECRET: Final = Action(
    "application.rotate_secret",
    "Give an application a new secret, shown once; the old one stops working at once, or after `keep` seconds.",
    "POST",
    "/applications/{application}/secret",
    Rotation,
    ApplicationSecret,
    rotate_secret,
    owns=owns,
    losses=lambda on, wish: client_secrets.count_losses(on, wish.application, keep=wish.keep),
    sensitive=True,
)
DISABLE: Final = Action(
    "application.disable",
    "Disable an application and end everything it was granted, for good.",
    "POST",
    "/applications/{application}/disable",
    SwitchedApplication,
    Application,
    disable,
    owns=owns,
    reserved=frozenset({"host"}),
    losses=lambda on, wish: clients.count_losses_of_disabling(on, wish.application, host=wish.host),
)
ENABLE: Final = Action(
    "application.enable",
    "Enable an application again; it has to get new tokens.",
    "POST",
    "/applications/{application}/enable",
    SwitchedApplication,
    Application,
    enable,
    owns=owns,
    reserved=frozenset({"host"}),
)
DELETE: Final = Action(
    "application.delete",
    "Delete an application and end everything it was granted.",
    "DELETE",
    "/applications/{application}",
    NamedApplication,
    DeletedApplication,
    delete,
    owns=owns,
    losses=lambda on, wish: clients.count_losses_of_deleting(on, wish.application),
    sensitive=True,
)

ACTIONS: Final = (LIST, SHOW, CREATE, UPDATE, TRANSFER, ROTATE_SECRET, DISABLE, ENABLE, DELETE)

"""The client that this server is itself, which it registers at each start: the command line on somebody's own machine."""

from typing import Final

from attrs import asdict, evolve

from iam.clients.own_clients import is_own
from iam.clock import Clock
from iam.oauth.grant_types import AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN
from iam.oauth.own_clients import CALLBACK, COMMAND_LINE, FRESH
from iam.oauth.scopes import OFFLINE_ACCESS, OPENID
from iam.records.actor import SERVER
from iam.records.client import PUBLIC
from iam.records.client_metadata import NATIVE, Metadata
from iam.records.scope import ADMINISTRATIVE
from iam.secrets import minted
from iam.store.store import Store

METADATA: Final = Metadata(
    name="iam command line",
    auth_method=PUBLIC,
    grant_types=(AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE),
    redirect_uris=(CALLBACK,),
    scopes=(OPENID, OFFLINE_ACCESS, *sorted(ADMINISTRATIVE)),
    application_type=NATIVE,
    default_max_age=FRESH,
)


async def register_command_line(store: Store, clock: Clock) -> bool:
    """Registers `iam-cli`, as the server makes it; whether it is disabled, and for which groups, stays.

    Returns False if somebody has registered another client under this id, which stays as it is.
    """
    known = await store.clients.read(COMMAND_LINE)
    if known is None:
        return await store.clients.create(
            COMMAND_LINE,
            METADATA,
            owner_id=None,
            grant_id=minted.identifier(),
            secret=None,
            now=clock.now(),
            by=SERVER,
        )
    if not is_own(known):
        return False
    if evolve(known, **asdict(METADATA, recurse=False)) != known:  # no write, so that a start on a full disk succeeds
        await store.clients.update(COMMAND_LINE, METADATA, clock.now(), SERVER)
    return True

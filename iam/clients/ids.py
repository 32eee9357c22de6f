"""Client ids: which ones may be chosen, and why an id is unknown."""

import re
from typing import Final

from iam.clients.directory import Directory
from iam.clients.slips import copied
from iam.oauth.own_clients import COMMAND_LINE
from iam.oauth.reasons import Reason

CHOSEN: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}"
)  # needs no escaping in a URI, and is no dot segment of a path
RESERVED: Final = ("register", COMMAND_LINE)  # a page beside the pages of the applications, and the server's own client


def complaint(client_id: str) -> str | None:
    """Returns why this cannot be chosen as a client id, or None."""
    if not CHOSEN.fullmatch(client_id):
        return "A client's id is 1 to 128 letters, digits and any of - . _ ~, and begins with a letter or a digit."
    return f"The id {client_id} is taken by this server itself." if client_id in RESERVED else None


async def unknown(directory: Directory, client_id: str) -> Reason:
    """Returns why no client has this id, with the slip that explains it if there is one."""
    meant = copied(client_id)
    found = [slip for slip in (meant.told,) if slip]
    near = await directory.nearest(meant.text) if CHOSEN.fullmatch(meant.text) else None
    if near is not None and near != meant.text:
        found.append("it differs in case from that of an application")
    got = "; ".join(["no application has it", *found])
    return Reason("client id", "the id of an application that is registered here", got, client_id=near or client_id)

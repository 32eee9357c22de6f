"""Ids of clients: those that somebody chooses, and those that no application has."""

import re
from typing import Final

from iam.clients.directory import Directory
from iam.clients.slips import copied
from iam.oauth.reasons import Reason

CHOSEN: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}"
)  # as they are in every address, and in a path no segment of dots
RESERVED: Final = ("register",)  # a page of ours beside those of the applications


def complaint(client_id: str) -> str | None:
    """Why nobody may choose this id."""
    if not CHOSEN.fullmatch(client_id):
        return "A client's id is 1 to 128 letters, digits and any of - . _ ~, and begins with a letter or a digit."
    return f"The id {client_id} is taken by a page of this server." if client_id in RESERVED else None


async def unknown(directory: Directory, client_id: str) -> Reason:
    """Why no application has this id: it may be that of one but for a slip."""
    meant = copied(client_id)
    found = [slip for slip in (meant.told,) if slip]
    near = await directory.nearest(meant.text) if CHOSEN.fullmatch(meant.text) else None
    if near is not None and near != meant.text:
        found.append("it differs in case from that of an application")
    got = "; ".join(["no application has it", *found])
    return Reason("client id", "the id of an application that is registered here", got, client_id=near or client_id)

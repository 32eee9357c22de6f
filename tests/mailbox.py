"""The mail that waits in the outbox of a server under test, with its links readable."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from attrs import frozen

from tests.harness import Server


@frozen
class Letter:
    """A mail as the server will send it; `link` is its link from the issuer on."""

    template: str
    recipient: str
    user_id: UUID | None
    detail: Mapping[str, Any]
    address: str | None
    link: str | None


async def mailbox(server: Server) -> list[Letter]:
    """Everything in the outbox, oldest first."""
    rows = await server.store.database.query(
        "select template, recipient, user_id, detail, secret from outbox order by created_at, template"
    )
    return [letter(server, *row) for row in rows]


def letter(server: Server, template: str, recipient: str, user_id: UUID | None, detail: Any, secret: Any) -> Letter:
    address = server.application.mails.unseal(bytes(secret)) if secret is not None else None
    link = address.removeprefix(server.settings.issuer) if address else None
    return Letter(template, recipient, user_id, detail, address, link)


async def newest(server: Server) -> Letter:
    """The mail that came last."""
    return (await mailbox(server))[-1]


async def link_in_mail(server: Server) -> str:
    """The link in the mail that came last."""
    link = (await newest(server)).link
    assert link is not None
    return link

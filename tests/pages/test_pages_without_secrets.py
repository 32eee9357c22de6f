"""The pages of mail, invitations and settings show no link, and no secret of the options (H22, H25, H30)."""

import html
import re
from collections.abc import Callable
from typing import Any

from iam.administration import invitations
from iam.records.actor import SERVER
from iam.settings import read
from tests.api.test_settings import PLANTED, SECRETS
from tests.harness import Server
from tests.mailbox import link_in_mail
from tests.pages.conftest import visitor_of

FOOTER = re.compile(r"<footer.*?</footer>", re.DOTALL)  # of which the addresses are for everybody


async def pages(server: Server, path: str) -> list[str]:
    """All pages of a list, and that of each object on them, without their feet."""
    visitor = visitor_of(server, await server.person(superuser=True))
    listed = [(await visitor.get(path)).text]
    while further := re.search(r'href="([^"]+)">Next page', listed[-1]):
        listed.append((await visitor.get(html.unescape(further[1]))).text)
    links = sorted(set(re.findall(rf'href="({path}/[^"/?]+)"', "".join(listed))))
    return [FOOTER.sub("", text) for text in (*listed, *[(await visitor.get(link)).text for link in links])]


async def test_no_page_shows_a_link_that_is_good(server: Server, admin: Any) -> None:
    offer = await invitations.invite(server.application.administration, "bob", SERVER, email="bob@example.org")
    secrets = [link.rpartition("=")[2] for link in (offer.link, await link_in_mail(server))]
    admin.execute("select encode(secret, 'hex'), encode(secret, 'base64') from outbox")
    secrets += admin.fetchone()

    texts = await pages(server, "/admin/mail") + await pages(server, "/admin/invitations")

    assert sum("bob" in text for text in texts) == 4  # not on the page of a test mail
    assert [text for text in texts if any(secret in text for secret in secrets)] == []


async def test_no_page_shows_a_secret_of_the_options(configured: Callable[..., Server]) -> None:
    told = read({**SECRETS, "database": f"postgresql://iam:{PLANTED}@db.example.org/iam?application_name={PLANTED}"})
    server = configured(**{name: getattr(told, name) for name in (*SECRETS, "database")})

    texts = await pages(server, "/admin/settings")

    assert len(texts) > 40
    assert [text for text in texts if PLANTED in text] == []

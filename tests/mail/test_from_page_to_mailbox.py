"""What somebody asks for on a page arrives in a mailbox, and its link leads on."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_twisted

from tests.harness import Server
from tests.mail.conftest import PostOffice
from tests.pages.conftest import Visitor, make_account, visitor
from tests.pages.test_own_sessions import FIREFOX, browser

__all__ = ["visitor"]

ADA = "ada@example.org"
NEW = "seven wet otters sing 42"


@pytest_twisted.async_yield_fixture
async def post(configured: Callable[..., Server], office: PostOffice) -> AsyncIterator[PostOffice]:
    """The mail server of the running server, on its own machine."""
    told = {"smtp": f"smtp://127.0.0.1:{office.number}", "mail_from": "iam@example.org"}
    mail = configured(**told).application.outgoing_mail
    mail.start()
    yield office
    await mail.stop()


async def link_of(post: PostOffice, server: Server, number: int) -> str:
    """The link in the mail of this number, from the issuer on."""
    given = (await post.heard(number))[number - 1]
    (link,) = re.findall(r"^http\S+$", given.text, re.MULTILINE)
    return str(link)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example;proto=https", "X-Forwarded-Proto": "ftp"},
    ],
    ids=["as it is", "with headers of a proxy"],
)
async def test_h8_a_forgotten_password_is_replaced_by_the_link_in_the_mail(
    server: Server, post: PostOffice, visitor: Visitor, admin: Any, headers: dict[str, str]
) -> None:
    await make_account(server, "ada", ADA)
    await visitor.send(await visitor.form("/reset"), {"Origin": server.settings.origin, **headers}, login="ada")

    link = await link_of(post, server, 1)
    reply = await visitor.send(await visitor.form(path_of(link)), password=NEW, again=NEW)

    assert reply.status == 303
    told = (await post.heard(2))[1]
    assert (told.recipient, told.message["Subject"]) == (ADA, "Your password at localhost was changed")
    assert (await visitor.send(await visitor.form("/login"), login="ada", password=NEW)).status == 303


def path_of(link: str) -> str:
    """The link's address at this server, which listens elsewhere than the one that sent the mail."""
    found = re.fullmatch(r"http://localhost:\d+(/reset/password\?link=iam_rp_\w+)", link)
    assert found is not None, link
    return found[1]


async def test_an_address_that_is_no_account_gets_a_link_to_make_one(
    server: Server, post: PostOffice, visitor: Visitor
) -> None:
    await visitor.send(await visitor.form("/signup"), email=ADA)

    (given,) = await post.heard(1)

    assert (given.recipient, given.message["Subject"]) == (ADA, "Finish your account at localhost")
    assert re.search(r"^http://localhost:\d+/signup/account\?link=iam_\w+$", given.text, re.MULTILINE)


async def test_an_address_that_has_an_account_is_told_so(server: Server, post: PostOffice, visitor: Visitor) -> None:
    await make_account(server, "ada", ADA)
    await visitor.send(await visitor.form("/signup"), email=ADA)

    (given,) = await post.heard(1)

    assert (given.recipient, given.message["Subject"]) == (ADA, "You already have an account at localhost")
    assert "link=" not in given.text


async def test_nobody_writes_to_strangers_in_our_name(server: Server, post: PostOffice) -> None:
    await make_account(server, "ada", ADA)
    visitor = await browser(server, "ada", FIREFOX)
    await visitor.send(await visitor.form("/account/details"), name="You have won http://evil.example")
    await visitor.send(await visitor.form("/account/email"), email="bob@example.org")

    (given,) = await post.heard(1)

    assert (given.message["To"], given.message["Subject"]) == (
        "bob@example.org",
        "Confirm your e-mail address for localhost",
    )
    assert given.text.startswith("Hello,\n")
    assert "evil" not in "".join(part.get_content() for part in given.message.iter_parts())

"""Links to accounts, beyond one page and one server: how often anybody may ask, what a reset ends and what it keeps (H14, H22)."""

from datetime import timedelta
from typing import Any, Final

import pytest
from twisted.internet.defer import Deferred, gatherResults

from tests.harness import Reply, Server
from tests.mailbox import link_in_mail, mailbox
from tests.pages.conftest import PASSWORD, Visitor, make_account
from tests.pages.form import Form

NEW: Final = "seven wet otters sing 42"
ADA: Final = "ada@example.org"
NEW_ADDRESS: Final = "ada@new.example"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.1"
PER_ACCOUNT, PER_NETWORK = 3, 6


@pytest.fixture
def limits() -> tuple[str, ...]:
    return (f"link-account={PER_ACCOUNT}", f"link-network={PER_NETWORK}", "link-network-pause=60")


async def ask(server: Server, path: str, typed: str, address: str = HERE) -> Reply:
    """Ask for a mail, from a browser that asks for the first time."""
    visitor = Visitor(server, address=address)
    return await visitor.send(await visitor.form(path), login=typed, email=typed)


@pytest.mark.parametrize("path", ["/reset", "/signup"])
async def test_a_mailbox_is_not_filled_and_the_page_says_nothing_of_it(limited: Server, path: str) -> None:
    await make_account(limited, "ada", ADA)

    replies = [await ask(limited, path, ADA, f"203.0.113.{number}") for number in range(PER_ACCOUNT + 3)]

    assert {(reply.status, reply.text) for reply in replies} == {(200, replies[0].text)}
    assert len(await mailbox(limited)) == PER_ACCOUNT


async def test_the_username_and_the_address_of_an_account_have_one_budget(limited: Server) -> None:
    await make_account(limited, "ada", ADA)

    for number, typed in enumerate(["ada", ADA, " ADA", "Ada@example.org", "ada", ADA]):
        await ask(limited, "/reset", typed, f"203.0.113.{number}")

    assert len(await mailbox(limited)) == PER_ACCOUNT


async def test_after_a_while_another_mail_is_sent(limited: Server) -> None:
    await make_account(limited, "ada", ADA)
    for number in range(PER_ACCOUNT + 1):
        await ask(limited, "/reset", "ada", f"203.0.113.{number}")

    limited.clock.advance(limited.settings.limits.link_account_pause + 1)
    await ask(limited, "/reset", "ada", ELSEWHERE)

    assert len(await mailbox(limited)) == PER_ACCOUNT + 1


async def test_a_network_that_asks_too_often_is_told_to_wait_whomever_it_asks_about(limited: Server) -> None:
    await make_account(limited, "ada", ADA)

    replies = [await ask(limited, "/reset", f"nobody{number}") for number in range(PER_NETWORK)]
    known, unknown = await ask(limited, "/reset", "ada"), await ask(limited, "/signup", "eve@example.org")
    other = await ask(limited, "/reset", "ada", ELSEWHERE)

    assert {reply.status for reply in replies} == {200}
    assert (known.status, unknown.status, other.status) == (429, 429, 200)
    assert 1 <= int(known.header("retry-after") or "0") <= 60
    assert len(await mailbox(limited)) == 1


async def test_who_asks_to_verify_an_address_again_and_again_is_told(limited: Server) -> None:
    await make_account(limited, "ada", ADA)
    visitor = Visitor(limited, address=HERE)
    await visitor.send(await visitor.form("/login"), login="ada", password=PASSWORD)
    form = await visitor.form("/account/verification")

    replies = [await visitor.send(form) for _ in range(PER_ACCOUNT + 1)]

    assert [reply.status for reply in replies] == [*[200] * PER_ACCOUNT, 429]
    assert "We have just sent you several mails" in replies[-1].text
    assert len(await mailbox(limited)) == PER_ACCOUNT


@pytest.mark.parametrize(("path", "typed"), [("/account/verification", {}), ("/account/email", {"email": NEW_ADDRESS})])
async def test_nobody_uses_up_the_mails_that_a_person_asks_for_at_their_account(
    limited: Server, path: str, typed: dict[str, str]
) -> None:
    await make_account(limited, "ada", ADA)
    for number in range(PER_ACCOUNT + 1):
        await ask(limited, "/reset", "ada", f"203.0.113.{number}")
    visitor = Visitor(limited, address=HERE)
    await visitor.send(await visitor.form("/login"), login="ada", password=PASSWORD)

    reply = await visitor.send(await visitor.form(path), **typed)

    assert reply.status == 200
    assert (await mailbox(limited))[-1].template == "verify"


async def test_h22_of_uses_at_once_over_three_servers_one_counts(
    several_limited: tuple[Server, ...], admin: Any
) -> None:
    first = several_limited[0]
    await make_account(first, "ada", ADA)
    await ask(first, "/reset", "ada")
    link = await link_in_mail(first)
    visitors = [Visitor(server, address=HERE) for server in several_limited for _ in range(3)]
    forms: list[Form] = [await visitor.form(link) for visitor in visitors]

    replies = await gatherResults(
        [
            Deferred.fromCoroutine(visitor.send(form, password=f"{NEW} {number}", again=f"{NEW} {number}"))
            for number, (visitor, form) in enumerate(zip(visitors, forms, strict=True))
        ]
    )

    assert sorted(reply.status for reply in replies) == [303, *[403] * 8]
    admin.execute("select count(*) from audit_events where kind = 'user.password_reset'")
    assert admin.fetchone() == (1,)


async def test_a_reset_keeps_another_factor(server: Server, admin: Any) -> None:
    user_id, visitor = await make_account(server, "ada", ADA), Visitor(server)
    admin.execute(
        "insert into totp_secrets (user_id, sealed, last_step, created_at) values (%s, 'x', 0, now())", (str(user_id),)
    )
    await visitor.send(await visitor.form("/reset"), login="ada")
    await visitor.send(await visitor.form(await link_in_mail(server)), password=NEW, again=NEW)

    reply = await visitor.send(await visitor.form("/login"), login="ada", password=NEW)

    assert reply.location.startswith("/login/factor")
    assert (await visitor.get("/account")).location == "/login?next=%2Faccount"


async def test_what_expired_long_ago_is_forgotten(server: Server) -> None:
    visitor = Visitor(server)
    await visitor.send(await visitor.form("/reset"), login="ada")
    now = server.now()

    kept = await server.store.links.sweep(now)
    swept = await server.store.links.sweep(now + timedelta(hours=2))

    assert (kept, swept) == (0, 1)

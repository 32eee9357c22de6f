"""`iam database`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iam.protocol import bridge
from tests.command_line import Iam
from tests.harness import REDIRECT_URI, VERIFIER, Server
from tests.mailbox import link_in_mail
from tests.pages.conftest import Visitor, make_account
from tests.registering import initial_access_token, register


def test_a_database_of_somebody_elses_is_not_ours_to_upgrade(iam: Iam) -> None:
    outcome = iam("database", "upgrade", "--old-binaries", "/tmp")

    assert outcome.complaint == "The database of --database is not iam's own: upgrade it with PostgreSQL's own tools."


def test_an_upgrade_without_the_old_programs_is_wrong_usage(iam: Iam) -> None:
    assert iam("database", "upgrade").status == 2


@pytest.fixture
def server(server: Server, admin: Any) -> Iterator[Server]:
    """A server after which other tests' tokens are not those of a backup."""
    yield server
    admin.execute("delete from epochs")


async def restored(server: Server, database_dsn: str, tmp_path: Path, *arguments: str) -> Any:
    """Run the command beside the server."""
    return await bridge.call(Iam(database_dsn, tmp_path, bridge.wait), "database", "restored", *arguments)


async def test_after_a_restore_no_refresh_token_of_the_backup_is_good(
    server: Server, database_dsn: str, tmp_path: Path
) -> None:
    app, person = await server.app(), await server.person()
    unused = await server.tokens(app, person)
    used = await server.tokens(app, person)
    await server.refresh(app, used["refresh_token"])

    await restored(server, database_dsn, tmp_path)
    replies = [await server.refresh(app, tokens["refresh_token"]) for tokens in (unused, used)]

    assert [(reply.status, reply.json["error"]) for reply in replies] == [(400, "invalid_grant")] * 2


async def test_after_a_restore_no_code_of_the_backup_is_good(server: Server, database_dsn: str, tmp_path: Path) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)

    await restored(server, database_dsn, tmp_path)
    reply = await server.redeem(app, code, code_verifier=VERIFIER, redirect_uri=REDIRECT_URI)

    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")


async def test_after_a_restore_no_access_token_of_the_backup_is_good(
    server: Server, database_dsn: str, tmp_path: Path
) -> None:
    app, person = await server.app(), await server.person()
    token = (await server.tokens(app, person))["access_token"]
    own = (await server.token(app, grant_type="client_credentials")).json["access_token"]

    await restored(server, database_dsn, tmp_path)

    assert [await server.introspect(app, each) for each in (token, own)] == [{"active": False}] * 2


async def test_after_a_restore_no_initial_access_token_of_the_backup_is_good(
    server: Server, database_dsn: str, tmp_path: Path
) -> None:
    token = await initial_access_token(server, uses=1)

    await restored(server, database_dsn, tmp_path)

    assert (await register(server, token)).status == 401


async def test_after_a_restore_no_link_of_the_backup_is_good_and_its_mail_is_not_sent(
    server: Server, database_dsn: str, tmp_path: Path
) -> None:
    visitor = Visitor(server)
    await make_account(server, "ada", "ada@example.org")
    await visitor.send(await visitor.form("/reset"), login="ada")
    link = await link_in_mail(server)

    await restored(server, database_dsn, tmp_path)

    assert (await visitor.get(link)).status == 403
    assert await server.store.outbox.take(server.now(), server.now(), most=1) == []


async def test_after_a_restore_people_log_in_again(server: Server, database_dsn: str, tmp_path: Path) -> None:
    person = await server.person()

    await restored(server, database_dsn, tmp_path)
    reply = await server.get("/applications", headers=person.headers)

    assert reply.status in (302, 303)
    assert "/login" in reply.location


async def test_after_a_restore_new_tokens_are_good(server: Server, database_dsn: str, tmp_path: Path) -> None:
    app = await server.app()
    await restored(server, database_dsn, tmp_path)

    token = (await server.tokens(app, await server.person()))["access_token"]

    assert (await server.introspect(app, token))["active"]


def test_an_empty_database_is_made_ready_by_restored_as_by_every_command(untouched: Iam) -> None:
    outcome = untouched("database", "restored")

    assert outcome.status == 0
    assert untouched.execute("select name from epochs") == [("all",)]

"""The overview: what needs attention, and numbers that are right and never take long."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from iam.administration import attention, disk
from iam.administration.actions import overview, performing
from iam.administration.actions.operator import ON_THE_MACHINE, Operator
from iam.administration.actions.overview import NoTerms, Overview
from iam.administration.administration import Administration
from iam.administration.disk import Room
from iam.records.actor import SERVER
from iam.records.numbers import MOST, Numbers, Span
from iam.records.role import Role
from iam.records.scope import Scope
from iam.records.signing_key import SigningKey
from iam.secrets.signing_keys import KINDS, PERIOD
from iam.settings import Settings
from tests.harness import Server

NOW = datetime(2027, 3, 5, 12, tzinfo=UTC)
TODAY = date(2027, 3, 5)
GIGABYTE = 1 << 30
QUIET = Numbers(people=1, applications=1, waiting=0, failing=0, given_up=0, ending=0)
SAFE = {"issuer": "https://login.example.org", "smtp": "smtp://mail.example.org", "mail_from": "iam@example.org"}


def abouts(concerns: Iterator[attention.Concern]) -> list[str]:
    return [concern.about for concern in concerns]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"issuer": "http://login.example.org"}, [attention.PUBLIC_HTTP]),
        ({"issuer": "http://localhost:8000"}, [attention.LOCAL_HTTP]),
        ({"issuer": "http://[::1]:8000"}, [attention.LOCAL_HTTP]),
        ({"no_rate_limits": True}, [attention.NO_LIMITS]),
        ({"smtp": None}, [attention.NO_MAIL_SERVER]),
    ],
    ids=str,
)
def test_what_options_leave_undone_needs_attention(options: Any, expected: Any) -> None:
    settings = Settings.model_validate({name: value for name, value in {**SAFE, **options}.items() if value})

    assert list(attention.of_settings(settings)) == expected


def keys(age: timedelta) -> list[SigningKey]:
    """A key of each kind that has signed for so long."""
    return [SigningKey(kind, kind, 1, {}, b"", NOW - age, NOW - age, None) for kind in KINDS]


def test_a_key_needs_attention_once_its_successor_is_a_day_late() -> None:
    assert abouts(attention.of_keys(keys(PERIOD - timedelta(minutes=1)), NOW)) == []
    assert abouts(attention.of_keys(keys(PERIOD), NOW)) == ["keys"] * len(KINDS)
    assert abouts(attention.of_keys([*keys(PERIOD), *keys(timedelta(days=-1))], NOW)) == []


def test_a_kind_without_a_key_that_is_trusted_needs_attention() -> None:
    removed = [evolve(key, removed_at=NOW) for key in keys(timedelta())]

    assert abouts(attention.of_keys(removed, NOW)) == ["keys"] * len(KINDS)


@pytest.mark.parametrize(
    ("room", "low"),
    [
        (None, False),
        (Room(GIGABYTE, 100 * GIGABYTE), False),
        (Room(GIGABYTE // 4, 100 * GIGABYTE), True),
        (Room(GIGABYTE // 4, GIGABYTE), False),
        (Room(GIGABYTE // 16, GIGABYTE), True),
    ],
)
def test_a_disk_needs_attention_before_it_is_full(room: Room | None, low: bool) -> None:
    assert abouts(attention.of_storage(room, [], Settings())) == ["disk"] * low


def test_tables_without_room_for_tomorrow_are_named() -> None:
    spans = [
        Span("sessions", TODAY, TODAY + timedelta(days=9), needed=TODAY + timedelta(days=8)),
        Span("refusals", TODAY, TODAY + timedelta(days=2), needed=TODAY + timedelta(days=2)),
        Span("replays", None, None, needed=TODAY),
    ]

    (concern,) = attention.of_storage(None, spans, Settings())

    assert "refusals, replays." in concern.sentence


def test_scopes_that_were_made_by_hand_are_told() -> None:
    scopes = {"groups": Scope("groups", "Groups"), "roles": Scope("roles", "Roles", derived=True)}

    (concern,) = attention.of_scopes(scopes)

    assert concern.sentence.startswith("The scope groups was made by hand")
    assert (concern.key, concern.command) == ("groups", "iam scope create groups --derived")


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 mail of"), (MOST, "1,000 mails of"), (MOST + 1, "More than 1,000 mails of")]
)
def test_mail_that_does_not_arrive_is_counted_in_words(count: int, words: str) -> None:
    (given_up,) = attention.of_mail(evolve(QUIET, given_up=count))

    assert given_up.sentence.startswith(words)
    assert abouts(attention.of_mail(evolve(QUIET, failing=count))) == ["mail"]
    assert abouts(attention.of_mail(QUIET)) == []


async def shown(on: Administration, operator: Operator = ON_THE_MACHINE) -> Overview:
    return await performing.perform(on, overview.SHOW, NoTerms(), operator)


async def test_logins_and_failures_are_counted_by_hour_and_day(server: Server, on: Administration, admin: Any) -> None:
    await server.person()
    for kind, count, ago in (("login.refused", 3, 30), ("factor.refused", 2, 120), ("login.refused", 50, 60 * 25)):
        admin.execute(
            "select audited(%s, %s, 'anybody', null, detail => jsonb_build_object('count', %s))",
            (kind, server.now() - timedelta(minutes=ago), count),
        )

    logins = (await shown(on)).logins

    assert (logins.hour, logins.day, logins.complete) == (1, 1, True)
    assert (logins.failed_hour, logins.failed_day) == (3, 5)


async def test_of_very_many_events_the_latest_are_counted(
    server: Server, on: Administration, admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iam.store.overview.EVENTS", 2)
    for _ in range(3):
        await server.person()

    logins = (await shown(on)).logins

    assert (logins.complete, logins.hour <= 2) == (False, True)


async def test_tokens_of_services_that_end_soon_are_told(server: Server, on: Administration) -> None:
    from iam.administration import clients, personal_tokens
    from iam.administration.personal_tokens import Wish

    client = await clients.find(on, (await server.app()).client_id)
    for days in (6, 8):
        wish = Wish(f"for {days}", ["read"], expires_at=on.clock.now() + timedelta(days=days))
        await personal_tokens.create_for_client(on, client, wish, SERVER)

    told = [each.sentence for each in (await shown(on)).attention if each.about == "tokens"]

    assert told == ["1 token of applications expire within a week."]


async def test_who_helps_people_alone_sees_nothing_of_the_server(server: Server, on: Administration) -> None:
    seen = {role: await shown(on, Operator(SERVER, frozenset({role}))) for role in (Role.AUDITOR, Role.SUPPORT)}

    auditor, support = seen[Role.AUDITOR].model_dump(), seen[Role.SUPPORT].model_dump()
    assert {name for name, value in support.items() if value is None} == {
        *("applications", "keys", "storage", "partitions")
    }
    assert None not in auditor.values()
    assert {each["about"] for each in support["attention"]} <= {"mail"}
    assert {each["about"] for each in auditor["attention"]} == {"address", "limits", "mail"}


async def test_database_and_disk_are_measured(server: Server, on: Administration, tmp_path: Path) -> None:
    storage = (await shown(on)).storage
    gone = await disk.measure(evolve(on, settings=Settings(data_dir=tmp_path / "gone")))

    assert storage is not None
    assert storage.database_bytes > 1 << 20
    assert storage.free_bytes is None or storage.free_bytes > 0
    assert gone is None


def test_hosts_of_a_database_are_told_without_its_password() -> None:
    settings = Settings(database="postgresql://iam:secret@db1,db2:5433/iam")

    assert [host.partition(":")[0] for host in disk.hosts(settings)] == ["db1", "db2"]
    assert "secret" not in str(disk.hosts(settings))
    assert disk.hosts(Settings()) == []

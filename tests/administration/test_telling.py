"""The audit log in sentences: who did what to whom, by the names that they have, in one look-up for many."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from iam.administration import clients, groups, telling
from iam.administration.sentences import KINDS, OTHERS, SENTENCES
from iam.administration.telling import LEFT_OUT, Told, Word, label, named, objects, tell, words
from iam.records.actor import By
from iam.records.audit import Event
from tests.harness import Server
from tests.pages.conftest import make_account

NAMES = {"actor", "person", "client", "group", "name", "role", "uri", "kid", "alg", "count"}
NOBODY = str(UUID(int=7))


def event(
    kind: str, actor: str = "command line", subject: str | None = None, client: str | None = None, **detail: Any
) -> Event:
    """An event as the log has it."""
    return Event(UUID(int=0), datetime(2027, 1, 31, tzinfo=UTC), kind, actor, subject, client, None, detail)


def sentence(told: Event, names: Mapping[str, str] | None = None) -> str:
    """What it says."""
    return Told(told, names or {}, objects(told)).sentence


@pytest.mark.parametrize("kind", KINDS)
def test_every_sentence_is_whole_and_names_what_events_have(kind: str) -> None:
    known = SENTENCES[kind]
    said = [*known.log, *known.themselves]

    assert {name for each in said for name in named(each)} <= NAMES
    assert all(each.endswith(".") and "  " not in each for each in (*said, known.own, known.others))
    assert not any("you" in f" {each} ".lower().replace(".", " ").split() for each in said)
    assert label(kind)


def test_who_did_it_is_named_and_what_is_gone_is_said_to_be() -> None:
    disabled = event("client.disabled", f"user {NOBODY}", client="shop")

    assert sentence(disabled, {"actor": "alice", "client": "Photos"}) == "alice disabled the application Photos."
    assert sentence(disabled) == f"{NOBODY} (deleted) disabled the application shop (deleted)."
    assert words(disabled, {"client": "Photos"}, objects(disabled))[-2] == Word(
        "Photos", "applications", "shop", name=True
    )


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        ("command line", "The command line"),
        ("server", "The server"),
        ("anybody", "Somebody"),
        ("setup", "The setup page"),
        (f"registration token {NOBODY}", "A registration token"),
        ("of another version", "of another version"),
    ],
)
def test_what_acts_and_is_nobody_has_a_name_too(actor: str, said: str) -> None:
    assert sentence(event("audit.pruned", actor)) == f"{said} removed months of this log."


def test_what_somebody_does_to_themselves_has_a_sentence_of_its_own() -> None:
    own, others = (event("user.changed", f"user {actor}", NOBODY) for actor in (NOBODY, UUID(int=8)))

    assert sentence(own, {"actor": "alice", "person": "alice"}) == "alice changed their own account."
    assert sentence(others, {"actor": "root", "person": "alice"}) == "root changed the account of alice."


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (event("role.granted", subject=NOBODY, role="support"), "The command line gave alice the role support."),
        (
            event("role.granted", client="shop", group=NOBODY, role="buyer"),
            "The command line gave the group editors the role buyer in the application Photos.",
        ),
        (event("grants.revoked"), "The command line ended all access of all applications."),
        (event("login.refused", "anybody", count=7), "Logins with a wrong name or password, in one minute: 7."),
        (event("scope.created", name="{actor} {0}"), "The command line made the scope {actor} {0}."),
        (event("scope.created", name={"sha256": "x"}), f"The command line made the scope {LEFT_OUT}."),
        (event("group.changed", group=NOBODY, name=["a", "b"]), "The command line changed the group editors."),
        (event("of.another_version", subject=NOBODY), "The command line did something about alice."),
        (event("of.another_version"), "The command line did something."),
    ],
    ids=range(9),
)
def test_a_sentence_is_chosen_by_what_the_event_names(told: Event, said: str) -> None:
    there = {"person": "alice", "client": "Photos", "group": "editors"}

    assert sentence(told, {name: there[name] for name in telling.objects(told) if name in there}) == said


async def test_names_are_looked_up_once_for_all(server: Server, admin: Any) -> None:
    on, actor = server.application.administration, await make_account(server, "alice", "alice@example.org")
    by, app = By(f"user {actor}"), await server.app()
    group = await groups.create(on, "editors", "", by)
    await groups.add(on, "editors", "alice", by)
    await clients.disable(on, app.client_id, by)
    admin.execute(
        "select audited('user.disabled', now(), 'user x', null, subject => 'no id', detail => '{\"group\": 7}')"
    )
    before = server.store.names._database.statistics.statements

    rows = await server.store.audit.page(None, 0, 50)
    told = [each.sentence for each in await tell(on, [event for _, event in rows])]

    assert server.store.names._database.statistics.statements == before + 2
    assert "alice disabled the application Test application." in told
    assert "alice made alice a member of the group editors." in told
    assert f"alice made the group {group.name}." in told
    assert "x (deleted) disabled the account of no id (deleted)." in told


def test_to_the_person_events_are_told_by_the_same_catalogue() -> None:
    assert {kind for kind, each in SENTENCES.items() if each.own != OTHERS} >= {
        "session.begun",
        "user.changed",
        "role.granted",
    }

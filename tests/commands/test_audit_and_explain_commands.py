"""`iam audit list` and `iam explain`."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.command_line import Iam


def listed(iam: Iam, *options: str) -> Any:
    return iam("audit", "list", "--json", *options).json


def kinds(iam: Iam, *options: str) -> list[str]:
    return [event["kind"] for event in listed(iam, *options)]


@pytest.fixture(scope="module")
def client_id(iam: Iam) -> str:
    """A client and a person, made by the command line."""
    assert iam("user", "create", "--username", "ada").status == 0
    client_id: str = iam("client", "create", "--name", "Shop", "--owner", "ada", "--json").json["client_id"]
    assert iam("client", "update", client_id, "--name", "Store").status == 0
    return client_id


def test_what_the_command_line_does_is_listed_in_its_order(iam: Iam, client_id: str) -> None:
    events = [event for event in listed(iam) if event["kind"] != "user.changed"]

    assert [event["kind"] for event in events] == ["user.created", "client.created", "client.changed"]
    assert {event["actor"] for event in events} == {"command line"}
    assert events[2]["detail"] == {"name": ["Shop", "Store"]}
    assert events[1]["client_id"] == client_id


def test_options_narrow_the_list(iam: Iam, client_id: str) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()

    assert kinds(iam, "--client", client_id) == ["client.created", "client.changed"]
    assert kinds(iam, "--user", "ada") == ["user.created", "client.created"]
    assert kinds(iam, "--kind", "user.created") == ["user.created"]
    assert kinds(iam, "--since", tomorrow) == []
    assert "user.created" in kinds(iam, "--since", "2020-01-31")


def test_a_file_has_what_the_list_has_the_latest_first(iam: Iam, client_id: str) -> None:
    table = list(csv.DictReader(io.StringIO(iam("audit", "list", "--client", client_id, "--format", "csv").out)))
    lines = iam("audit", "list", "--client", client_id, "--format", "jsonl").out.splitlines()

    expected = [event["id"] for event in listed(iam, "--client", client_id)][::-1]
    assert [row["id"] for row in table] == [json.loads(line)["id"] for line in lines] == expected
    assert len(kinds(iam, "--kind", "audit.exported", "--actor", "command line")) == 2


def test_a_filter_that_cannot_be_is_wrong_usage(iam: Iam) -> None:
    answers = [
        iam("audit", "list", *options)
        for options in (("--address", "nowhere"), ("--format", "xlsx"), ("--format", "csv", "--json"))
    ]

    assert [answer.status for answer in answers] == [2, 2, 2]
    assert "--address" in answers[0].err


def test_a_person_who_is_gone_is_found_by_id(untouched: Iam) -> None:
    user_id = untouched("user", "create", "--username", "bob", "--json").json["id"]
    untouched("user", "delete", "bob", "--yes")

    assert kinds(untouched, "--user", user_id) == ["user.created", "user.deleted"]


def test_people_read_a_table(iam: Iam, client_id: str) -> None:
    answer = iam("audit", "list", "--client", client_id)

    assert answer.out.split()[:3] == ["at", "sentence", "address"]
    assert "client.changed" in answer.out


@pytest.mark.parametrize("moment", ["yesterday", "2027-13-01", ""])
def test_what_is_no_moment_is_wrong_usage(iam: Iam, moment: str) -> None:
    assert iam("audit", "list", "--since", moment).status == 2


def test_a_refusal_is_explained_by_id_or_by_its_whole_address(iam: Iam, client_id: str) -> None:
    iam.execute(
        "insert into refusals (day, id, at, endpoint, error, failed, expected, got, client_id)"
        " values (current_date + 1, '4fT0aZ81kLmQ', now(), '/token', 'invalid_client', 'client secret', 'x', 'wrong', %s)",
        (client_id,),
    )

    documents = [
        iam("explain", text, "--json").json
        for text in ("4fT0aZ81kLmQ", "https://login.example.org/errors/4fT0aZ81kLmQ", " 4fT0aZ81kLmQ\n")
    ]
    words = iam("explain", "4fT0aZ81kLmQ").out

    assert [document["got"] for document in documents] == ["wrong"] * 3
    assert documents[0]["client_id"] == client_id
    assert "client secret" in words


@pytest.mark.parametrize(
    ("text", "sentence"), [("0" * 12, "There is no refusal 000000000000"), ("x", "An id has 12 letters and digits")]
)
def test_what_there_is_not_is_a_sentence(iam: Iam, client_id: str, text: str, sentence: str) -> None:
    assert iam("explain", text).complaint.startswith(sentence)
    assert client_id


def test_months_that_are_over_are_removed_once_somebody_has_agreed(iam: Iam, client_id: str) -> None:
    today = datetime.now(UTC).date()
    nothing = iam("audit", "prune", "--before", (today - timedelta(days=2)).isoformat(), "--json")
    to_come = iam("audit", "prune", "--before", (today + timedelta(days=2)).isoformat(), "--yes")
    wrong = iam("audit", "prune", "--before", "yesterday")

    assert (nothing.status, nothing.json) == (0, {"removed": []})
    assert (to_come.status, wrong.status) == (2, 2)
    assert "still to come" in to_come.err
    assert "client.created" in kinds(iam, "--client", client_id)

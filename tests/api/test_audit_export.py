"""The audit log, filtered and taken along: all of it and nothing else, in files that programs and spreadsheets read."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from iam.administration import audit
from iam.administration.audit_files import COLUMNS, FORMULAS, cell, rows
from iam.records.actor import SERVER
from iam.store.roles import Holder
from tests.api.conftest import Api, Caller

NASTY = 'a "quoted", name\r\nof two lines; =1+1'


def event(admin: Any, at: Any, kind: str = "token.revoked", **told: Any) -> None:
    """Write an event."""
    shown = {"actor": "command line", "address": None, "subject": None, "client": None, "detail": {}, **told}
    admin.execute(
        "select audited(%s, %s, %s, %s, %s, %s, %s)",
        (kind, at, *(shown[name] for name in ("actor", "address", "subject", "client")), json.dumps(shown["detail"])),
    )


def read(text: str) -> list[dict[str, str]]:
    """The rows of a file, as Python reads them."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    ("query", "clients"),
    [
        ("", {"a", "b", "c"}),
        ("client=a", {"a"}),
        ("kind=key.retired", {"b"}),
        ("actor=server", {"c"}),
        ("address=192.0.2.7", {"a", "b"}),
        ("address=192.0.2.0/24", {"a", "b"}),
        ("address=192.0.2.99", {"b"}),
        ("address=2001:db8::1", {"c"}),
        ("since={hour}", {"a"}),
        ("until={hour}", {"b", "c"}),
        ("until={hour}&actor=server", {"c"}),
        ("kind=nothing.such", set()),
    ],
)
async def test_list_and_export_have_the_same_filters(
    api: Api, call: Caller, admin: Any, query: str, clients: set[str]
) -> None:
    now = api.server.now()
    event(admin, now - timedelta(minutes=1), client="a", address="192.0.2.7")
    event(admin, now - timedelta(hours=2), kind="key.retired", client="b", address="192.0.2.0/24")
    event(admin, now - timedelta(hours=3), client="c", actor="server", address="2001:db8::1")
    asked = query.format(hour=(now - timedelta(hours=1)).isoformat().replace("+", "%2B"))

    listed = await call("GET", f"/audit?{asked}")
    exported = await call("GET", f"/audit/export?{asked}")

    known = {"a", "b", "c"}
    assert (listed.status, exported.status) == (200, 200)
    assert {each["client_id"] for each in listed.json["items"]} & known == clients
    assert {row["client_id"] for row in read(exported.text)} & known == clients


@pytest.mark.parametrize("count", [audit.BATCH - 1, audit.BATCH, 2 * audit.BATCH + 1])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_every_event_is_in_the_file_once_the_latest_first(
    api: Api, call: Caller, admin: Any, form: str, count: int
) -> None:
    told = {"at": api.server.now() - timedelta(minutes=1), "count": count}
    admin.execute(
        "select audited('token.revoked', %(at)s - (n / 3) * interval '1 second', 'server', null, client => n::text) "
        "from generate_series(1, %(count)s) n",
        told,
    )

    text = (await call("GET", f"/audit/export?kind=token.revoked&format={form}")).text

    found = read(text) if form == "csv" else [json.loads(line) for line in text.splitlines()]
    moments = [each["at"] for each in found]
    assert sorted(int(each["client_id"]) for each in found) == list(range(1, count + 1))
    assert moments == sorted(moments, reverse=True)


async def test_text_comes_back_as_it_was(api: Api, call: Caller, admin: Any) -> None:
    detail = {"name": [NASTY, "übrig"]}
    event(admin, api.server.now() - timedelta(minutes=1), client=NASTY, detail=detail)

    (row,) = read((await call("GET", "/audit/export?kind=token.revoked")).text)
    line = (await call("GET", "/audit/export?kind=token.revoked&format=jsonl")).text

    assert row["client_id"] == NASTY
    assert json.loads(row["detail"]) == detail == json.loads(line)["detail"]
    assert tuple(row) == COLUMNS == tuple(json.loads(line))
    assert line.count("\n") == 1


@pytest.mark.parametrize("start", FORMULAS, ids=repr)
def test_no_cell_is_a_formula(start: str) -> None:
    ((found,),) = csv.reader(io.StringIO(rows([[cell(start + "cmd|'/C calc'!A0")]]), newline=""))

    assert found == f"'{start}cmd|'/C calc'!A0"
    assert cell("a" + start) == "a" + start


async def test_an_export_is_in_the_log_with_its_filters_and_not_in_itself(api: Api, call: Caller) -> None:
    exported = await call("GET", "/audit/export?kind=audit.exported&address=192.0.2.7/24")
    (noted,) = (await call("GET", "/audit?kind=audit.exported")).json["items"]

    assert read(exported.text) == []
    assert (noted["actor"], noted["address"]) == (f"user {api.person.user_id}", "127.0.0.1")
    assert noted["detail"] == {"kind": "audit.exported", "address": "192.0.2.0/24"}


@pytest.mark.parametrize(("form", "media"), [("csv", "text/csv"), ("jsonl", "application/jsonl")])
async def test_a_file_has_its_type_and_name_and_is_not_stored(call: Caller, form: str, media: str) -> None:
    reply = await call("GET", f"/audit/export?format={form}", Accept=media)
    other = await call("GET", f"/audit/export?format={form}", Accept="application/json")

    assert reply.header("content-type") == media
    assert reply.header("content-disposition") == f'attachment; filename="audit.{form}"'
    assert reply.header("cache-control") == "no-store"
    assert (other.status, media in other.json["detail"]) == (406, True)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("address=192.0.2", "address"),
        ("address=nobody", "address"),
        ("format=xlsx", "format"),
        ("since=yesterday", "since"),
        ("until=2027-01-31", "until"),
        ("after=x", "after"),
    ],
)
async def test_a_filter_that_cannot_be_is_refused_and_nothing_noted(call: Caller, query: str, parameter: str) -> None:
    reply = await call("GET", f"/audit/export?{query}")

    assert (reply.status, reply.json["errors"][0]["parameter"]) == (422, parameter)
    assert (await call("GET", "/audit?kind=audit.exported")).json["items"] == []


@pytest.mark.parametrize(("role", "status"), [("auditor", 200), ("support", 403), ("developer", 403)])
async def test_who_may_not_list_may_not_export(api: Api, role: str, status: int) -> None:
    person = await api.server.person()
    await api.server.store.roles.grant(role, None, Holder(user_id=person.user_id), api.server.now(), SERVER)
    call = await api.personal(person)

    assert [(await call("GET", path)).status for path in ("/audit", "/audit/export")] == [status] * 2


async def test_a_head_takes_nothing_along_and_is_not_noted(call: Caller) -> None:
    reply = await call("HEAD", "/audit/export")
    noted = (await call("GET", "/audit?kind=audit.exported")).json["items"]

    assert (reply.status, reply.header("allow"), noted) == (405, "GET", [])

"""`/api/v1/settings`: the settings in force and where each comes from, but no secret in any of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iam.administration import settings
from iam.limits import options
from iam.meanings import MEANINGS
from iam.records.actor import SERVER
from iam.server.own_resources import register_api
from iam.settings import Settings, read
from iam.store.roles import Holder
from tests.api.conftest import Api, Caller
from tests.harness import Server

PLANTED = "Pl4nt3dS3cr3t"
DSNS = (
    f"postgresql://iam:{PLANTED}@db.example.org:5433/iam?application_name={PLANTED}",
    f"host=db.example.org port=5433 dbname={PLANTED} user={PLANTED} password={PLANTED} sslpassword={PLANTED}",
)
SECRETS: dict[str, object] = {
    "secret_key": PLANTED * 3,
    "smtp": "smtp://mail.example.org",
    "mail_from": "login@example.org",
    "smtp_user": PLANTED,
    "smtp_password": PLANTED,
    "help_url": f"https://example.org/help?key={PLANTED}",
    "privacy_url": f"https://example.org/?{PLANTED}#a",
    "terms_url": f"https://example.org/?a=b&key={PLANTED}",
    "listen": (f"tcp:8000?key={PLANTED}", f"http://me:{PLANTED}@example.org/"),
}

Begin = Callable[..., Server]


def by_name(told: Settings) -> dict[str, settings.SettingInForce]:
    return {each.name: each for each in settings.in_force(told)}


def test_each_setting_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Settings.model_fields)


def test_all_settings_and_limits_are_there() -> None:
    names = {name.replace("_", "-") for name in MEANINGS} - {"limit"}

    assert set(by_name(read({}))) == names | {f"limit {name}" for name in options()}


def test_each_says_where_it_comes_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "iam.toml"
    config.write_text('port = 1\nname = "File"\npassword-length = 12\nlimit = ["head=9000"]\n')
    monkeypatch.setenv("IAM_PORT", "2")
    monkeypatch.setenv("IAM_NAME", "Environment")

    found = by_name(read({"port": "3"}, config))

    assert {
        name: (found[name].value, found[name].source) for name in ("port", "name", "password-length", "issuer")
    } == {
        "port": (3, "command line"),
        "name": ("Environment", "environment"),
        "password-length": (12, "file"),
        "issuer": ("http://localhost:3", "default"),
    }
    assert (found["limit head"].value, found["limit head"].source) == (9000, "file")
    assert (found["limit body"].source, found["limit body"].variable) == ("default", "IAM_LIMIT")


def test_what_follows_from_others_is_as_it_is_in_force() -> None:
    found = by_name(read({"issuer": "https://login.example.org"}))

    assert (found["signup"].value, found["name"].value) == ("invite", "login.example.org")
    assert (found["signup"].source, found["name"].source) == ("default", "default")


@pytest.mark.parametrize("dsn", DSNS, ids=["uri", "keywords"])
def test_of_a_database_its_hosts_are_told(dsn: str) -> None:
    assert by_name(read({"database": dsn}))["database"].value == "db.example.org:5433"


def test_of_a_secret_it_is_told_whether_it_is_set() -> None:
    given, missing = by_name(read(SECRETS)), by_name(read({}))

    for name in ("secret-key", "smtp-user", "smtp-password"):
        assert (given[name].value, given[name].source) == (settings.NOT_SHOWN, "command line")
        assert (missing[name].value, missing[name].source) == (None, "default")


@pytest.mark.parametrize("dsn", DSNS, ids=["uri", "keywords"])
async def test_h30_no_answer_holds_a_secret(configured: Begin, api: Api, dsn: str) -> None:
    told = read({**SECRETS, "database": dsn})
    server = configured(**{name: getattr(told, name) for name in (*SECRETS, "database")})
    await register_api(server.store, server.settings, server.clock_of_store())
    call = await Api(server, api.person).personal(api.person)

    listed = await call("GET", "/settings?limit=200")
    shown = [await call("GET", f"/settings/{name}") for name in ("secret-key", "database", "help-url", "listen")]

    assert [reply.status for reply in (listed, *shown)] == [200] * 5
    assert [reply.text for reply in (listed, *shown) if PLANTED in reply.text] == []


async def test_settings_are_found_by_the_beginning_of_their_names(call: Caller) -> None:
    listed = await call("GET", "/settings?search=session-&limit=2")
    missing = await call("GET", "/settings/colour")

    assert [each["name"] for each in listed.json["items"]] == ["session-idle", "session-lifetime"]
    assert (await call("GET", f"/settings?search=session-&after={listed.json['next']}")).json["next"] is None
    assert missing.status == 404


ROLES = {"support": 403, "auditor": 200, "developer": 403}


@pytest.mark.parametrize("role", ROLES)
async def test_administrators_and_auditors_read_them(api: Api, role: str) -> None:
    person = await api.server.person()
    await api.server.store.roles.grant(role, None, Holder(user_id=person.user_id), api.server.now(), SERVER)

    reply: Any = await (await api.personal(person))("GET", "/settings")

    assert reply.status == ROLES[role]

"""`iam user`."""

import json
from uuid import UUID

import pytest

from tests.command_line import Iam

PASSWORD = "seven wet otters sing"


def test_a_person_is_created_with_everything(iam: Iam) -> None:
    created = iam(
        *("user", "create", "--username", "Alice", "--email", "Alice@example.org", "--email-verified"),
        *("--name", "Alice Liddell", "--claim", "department=Sales", "--claim", 'roles=["editor", 1, null]'),
        *("--claim", 'nested={"a": {"b": true}}', "--claim", "number=12", "--claim", "url=https://example.org/?a=b"),
        *("--password-stdin", "--json"),
        given=PASSWORD + "\n",
    ).json

    assert UUID(created["id"]).version == 7
    assert created["created_at"] == created["updated_at"]
    assert {name: created[name] for name in created if name not in ("id", "created_at", "updated_at")} == {
        "username": "Alice",
        "email": "Alice@example.org",
        "email_verified": True,
        "name": "Alice Liddell",
        "claims": {
            "department": "Sales",
            "roles": ["editor", 1, None],
            "nested": {"a": {"b": True}},
            "number": 12,
            "url": "https://example.org/?a=b",
        },
        "superuser": False,
        "disabled": False,
    }
    assert iam("user", "show", "ALICE", "--json").json == created
    assert iam("user", "show", created["id"], "--json").json == created
    assert created in iam("user", "list", "--json").json


def test_the_password_is_stored_as_argon2id_without_the_line_end(iam: Iam) -> None:
    iam("user", "create", "--username", "argon", "--password-stdin", given=PASSWORD + "\r\n")

    [(stored,)] = iam.execute("select password_hash from users where username = 'argon'")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--username", "two words"), "Choose a username without spaces and invisible characters."),
        (("--username", "x", "--email", "nowhere"), "Give an e-mail address such as alice@example.org."),
        (("--username", "x", "--claim", "sub=1"), "The claim sub is the server's to make: choose another name."),
        (("--username", "x", "--claim", "aud=a"), "The claim aud is the server's to make: choose another name."),
        (("--username", "x", "--claim", "email=a"), "The claim email is a part of the account, and follows from that."),
        (("--username", "x", "--claim", "=a"), "Give each claim a name of 1 to 128 visible characters."),
        (
            ("--username", "x", "--claim", r'a=["\u0000"]'),
            "Give claims without the character NUL and halves of characters.",
        ),
        (
            ("--username", "x", "--claim", r'a="\ud800"'),
            "Give claims without the character NUL and halves of characters.",
        ),
        (("--username", "x", "--claim", "a=" + "b" * 17_000), "Give claims of at most 16384 characters in all."),
    ],
)
def test_what_cannot_be_used_is_a_sentence(iam: Iam, arguments: tuple[str, ...], sentence: str) -> None:
    assert iam("user", "create", *arguments, "--json").complaint == sentence
    assert iam("user", "show", "x").complaint == "There is no person x."


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999", "[1e999]", "{", "[" * 5000, "", r"\u0000", '"open'])
def test_what_is_no_json_is_text(iam: Iam, value: str) -> None:
    iam("user", "create", "--username", "texts")

    assert iam("user", "update", "texts", "--claim", f"value={value}", "--json").json["claims"] == {"value": value}


def test_a_claim_without_an_equals_sign_is_wrong_usage(iam: Iam) -> None:
    assert iam("user", "create", "--username", "x", "--claim", "roles").status == 2


def test_usernames_and_addresses_are_taken_once(iam: Iam) -> None:
    iam("user", "create", "--username", "first", "--email", "first@example.org")
    iam("user", "create", "--username", "second", "--email", "second@example.org")

    username = iam("user", "create", "--username", "FIRST")
    email = iam("user", "create", "--username", "third", "--email", "First@Example.org")
    update = iam("user", "update", "second", "--email", "FIRST@example.org")

    assert "Somebody has this username" in username.complaint
    assert "Somebody has this e-mail address" in email.complaint
    assert "Somebody has this e-mail address" in update.complaint


def test_the_address_before_is_told_that_an_administrator_changed_it(iam: Iam) -> None:
    iam("user", "create", "--username", "grace", "--email", "grace@example.org")
    iam.execute("delete from outbox")

    for email in ("GRACE@example.org", "grace@new.example", "grace@new.example", ""):
        assert iam("user", "update", "grace", "--email", email).status == 0

    assert iam.execute("select template, recipient, detail from outbox order by created_at") == [
        ("email_changed", "GRACE@example.org", {"by_administrator": True, "new_email": "grace@new.example"}),
        ("email_changed", "grace@new.example", {"by_administrator": True}),
    ]


def test_a_weak_password_is_refused(iam: Iam) -> None:
    weak = iam("user", "create", "--username", "weak", "--password-stdin", given="weak1234\n")

    assert "harder to guess" in weak.complaint
    assert iam("user", "show", "weak").status == 1


DJANGOS = "pbkdf2_sha256$1000000$kRvY2mT9pQ4s$w7jZc0mUeKpQ9Xq1t0n3b6v8y2A5d7f9h1j3k5l7m9o="


def test_a_hash_by_django_is_taken_as_it_is(iam: Iam) -> None:
    made = iam("user", "create", "--username", "moved", "--password-hash-stdin", "--json", given=DJANGOS + "\n").json

    assert iam.execute("select password_hash from users where username = 'moved'") == [(DJANGOS,)]
    assert "password" not in str(made)


def test_a_hash_that_cannot_be_checked_is_refused(iam: Iam) -> None:
    create = ("user", "create", "--username", "unmoved", "--password-hash-stdin")

    assert iam(*create, given="md5$salt$abc\n").complaint.startswith("Give a hash that can be checked here")
    assert iam(*create, given=DJANGOS.replace("$1000000$", "$9000000$") + "\n").complaint.startswith(
        "Give a hash that costs"
    )
    assert iam(*create, "--password-stdin", given="x\n").status == 2
    assert iam("user", "show", "unmoved").status == 1


def test_an_update_changes_what_it_names(iam: Iam) -> None:
    iam("user", "create", "--username", "carol", "--name", "Carol", "--claim", "a=1", "--claim", "b=2")

    named = iam("user", "update", "carol", "--name", "Caroline", "--claim", "b=3", "--json").json
    removed = iam("user", "update", "carol", "--remove-claim", "a", "--json").json

    assert (named["name"], named["claims"]) == ("Caroline", {"a": 1, "b": 3})
    assert (removed["name"], removed["claims"]) == ("Caroline", {"b": 3})


def test_h23_a_new_address_is_unverified_until_somebody_says_so(iam: Iam) -> None:
    iam("user", "create", "--username", "dave", "--email", "dave@example.org", "--email-verified")

    same = iam("user", "update", "dave", "--email", "Dave@example.org", "--json").json
    moved = iam("user", "update", "dave", "--email", "dave@example.net", "--json").json
    verified = iam("user", "update", "dave", "--email-verified", "--json").json
    gone = iam("user", "update", "dave", "--email", "", "--json").json

    assert (same["email"], same["email_verified"]) == ("Dave@example.org", True)
    assert (moved["email"], moved["email_verified"]) == ("dave@example.net", False)
    assert (verified["email"], verified["email_verified"]) == ("dave@example.net", True)
    assert (gone["email"], gone["email_verified"]) == (None, False)


def test_a_person_is_disabled_enabled_and_deleted(iam: Iam) -> None:
    created = iam("user", "create", "--username", "eve", "--json").json

    assert iam("user", "disable", "eve", "--json").json["disabled"] is True
    assert iam("user", "enable", "eve", "--json").json["disabled"] is False
    assert iam("user", "disable", "eve").out == "The person eve is disabled.\n"
    assert iam("user", "delete", "eve", "--yes", "--json").json == {
        "id": created["id"],
        "username": "eve",
        "deleted": True,
    }
    assert iam("user", "delete", "eve").complaint == "There is no person eve."


def test_several_are_disabled_and_deleted_each_with_its_own_answer_and_event(iam: Iam) -> None:
    for name in ("fay", "gus"):
        iam("user", "create", "--username", name)
    before = len(iam("audit", "list", "--json").json)

    disabled = iam("user", "disable", "fay", "nobody", "gus", "fay")
    enabled = iam("user", "enable", "fay", "gus", "--json")
    refused = iam("user", "delete", "fay", "gus")
    deleted = iam("user", "delete", "fay", "nobody", "gus", "--yes", "--json")
    kinds = sorted(each["kind"] for each in iam("audit", "list", "--json").json[before:])

    assert (disabled.status, disabled.out) == (1, "The person fay is disabled.\nThe person gus is disabled.\n")
    assert disabled.err == "Error: nobody: There is no person nobody.\n"
    assert [(each["username"], each["disabled"]) for each in enabled.json] == [("fay", False), ("gus", False)]
    assert (refused.status, deleted.status) == (2, 1)  # without --yes nothing is done
    assert [each["username"] for each in json.loads(deleted.out)] == ["fay", "gus"]
    assert kinds == [f"user.{done}" for done in ("deleted", "disabled", "enabled") for _ in "12"]


def test_a_new_password_replaces_the_old_one_and_ends_sessions(iam: Iam) -> None:
    user_id = iam("user", "create", "--username", "frank", "--password-stdin", "--json", given=PASSWORD).json["id"]
    before = iam.execute("select password_hash from users where id = %s", (user_id,))
    iam.execute(
        "insert into sessions (day, id, digest, user_id, auth_time, seen_at, expires_at) "
        "values (current_date + 1, gen_random_uuid(), '\\x00', %s, now(), now(), now() + interval '1 day')",
        (user_id,),
    )

    weak = iam("user", "set-password", "frank", "--password-stdin", given="frankfrank")
    changed = iam("user", "set-password", "frank", "--password-stdin", given="eight dry badgers hum")

    assert "harder to guess" in weak.complaint
    assert changed.out == "The person frank has a new password.\n"
    assert iam.execute("select password_hash from users where id = %s", (user_id,)) != before
    assert iam.execute("select count(*) from sessions where user_id = %s", (user_id,)) == [(0,)]


def test_a_new_password_is_not_asked_where_nobody_is(iam: Iam) -> None:
    outcome = iam("user", "set-password", "grace")

    assert outcome.status == 2
    assert "--password-stdin" in outcome.err


def test_who_administers_is_changed_at_once_and_written_down(iam: Iam) -> None:
    iam("createsuperuser", "--username", "root", "--email", "root@example.org", "--password-stdin", given=PASSWORD)
    iam("user", "create", "--username", "helen")

    made = iam("user", "update", "helen", "--superuser", "--json").json["superuser"]
    taken = iam("user", "update", "helen", "--no-superuser", "--json").json["superuser"]
    last = iam("user", "update", "root", "--no-superuser")

    details = iam.execute(
        "select e.detail from audit_events e join users u on u.id::text = e.subject "
        "where u.username = 'helen' and e.kind = 'user.changed' order by e.n"
    )
    assert (made, taken) == (True, False)
    assert [detail for (detail,) in details] == [
        {"changed": ["superuser"], "superuser": True},
        {"changed": ["superuser"], "superuser": False},
    ]
    assert "last enabled administrator" in last.complaint


def test_names_from_strangers_do_not_steer_the_terminal(iam: Iam) -> None:
    iam.execute(
        "insert into users (id, username, username_key, name, created_at, updated_at) "
        "values (gen_random_uuid(), 'mallory', 'mallory', %s, now(), now())",
        ("\x1b]0;owned\x07[bold]",),
    )

    for outcome in (iam("user", "list"), iam("user", "show", "mallory")):
        assert "\x1b" not in outcome.out
        assert r"\x1b]0;owned\x07[bold]" in outcome.out


def test_who_has_no_second_factor_has_none_to_reset(iam: Iam) -> None:
    iam("user", "create", "--username", "eve")

    assert "eve has no second factor" in iam("user", "reset-factors", "eve", "--yes").complaint
    assert "There is no person bob" in iam("user", "reset-factors", "bob", "--yes").complaint

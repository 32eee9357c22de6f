"""`iam user invite` and `iam user reset-password`, and what `iam user create` says next."""

from tests.command_line import Iam

PASSWORD = "seven wet otters sing"


def test_an_invitation_makes_the_account_and_prints_its_link(iam: Iam) -> None:
    told = iam("user", "invite", "bob")

    assert told.status == 0
    assert "The person bob is invited. This link is good once, until 20" in told.out
    assert told.out.splitlines()[-1].startswith("http://localhost:8000/invitation?link=iam_iv_")
    assert iam("user", "show", "bob").status == 0


def test_with_an_address_another_link_goes_there(iam: Iam) -> None:
    told = iam("user", "invite", "carol", "--email", "carol@example.org", "--json").json

    [(template, recipient, secret)] = iam.execute(
        "select template, recipient, secret from outbox where recipient = 'carol@example.org'"
    )
    assert (told["username"], told["email"], told["mailed"]) == ("carol", "carol@example.org", True)
    assert (template, recipient) == ("invite", "carol@example.org")
    assert told["link"].encode() not in bytes(secret)
    assert iam.execute("select count(*) from links where kind = 'invite' and email = 'carol@example.org'") == [(1,)]


def test_another_password_is_a_link_to_hand_over(iam: Iam) -> None:
    iam("user", "create", "--username", "dora", "--password-stdin", given=PASSWORD)

    told = iam("user", "reset-password", "dora")

    assert "The person dora can choose another password. This link is good once" in told.out
    assert told.out.splitlines()[-1].startswith("http://localhost:8000/reset/password?link=iam_rp_")


def test_what_cannot_be_done_is_a_sentence(iam: Iam) -> None:
    iam("user", "create", "--username", "ed", "--password-stdin", given=PASSWORD)

    assert "reset it for another one" in iam("user", "invite", "ed").complaint
    assert iam("user", "reset-password", "nobody").complaint == "There is no person nobody."
    assert "without @" in iam("user", "invite", "x@example.org").complaint
    assert "alice@example.org" in iam("user", "invite", "xavier", "--email", "nowhere").complaint
    assert iam("user", "show", "xavier").status == 1


def test_an_account_without_a_password_says_what_to_do_next(iam: Iam) -> None:
    locked = iam("user", "create", "--username", "fay")
    open_ = iam("user", "create", "--username", "gil", "--password-stdin", given=PASSWORD)

    assert "`iam user invite` prints a link" in locked.out
    assert open_.out == "The person gil is created.\n"


def test_a_link_is_of_the_address_that_the_servers_have(iam: Iam) -> None:
    iam.execute("insert into service (issuer, noted_at) values ('https://login.example.org/o', now())")

    told = iam("user", "invite", "hal", "--json").json

    assert told["link"].startswith("https://login.example.org/o/invitation?link=")
    iam.execute("delete from service")

"""Letters go to the mail server of the operator, over TLS that is checked, and it is known whether they were taken."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import eventAsJSON, globalLogPublisher

from iam.outbound.mail import NotSent
from iam.outbound.smtp import Smtp, identity
from iam.records.mail import Letter
from tests.authority import Authority
from tests.mail.conftest import HOST, LOGIN, MECHANISMS, PostOffice, letter
from tests.waiting import until

Make = Callable[..., Smtp]


async def refusal(smtp: Smtp, one: Letter | None = None) -> NotSent:
    with pytest.raises(NotSent) as refused:
        await smtp.carry(one or letter())
    return refused.value


async def test_a_letter_arrives_over_tls_that_is_begun_by_starttls(smtp: Make, office: PostOffice) -> None:
    await smtp().carry(letter("Hello, Zoë.\n"))

    (given,) = office.given
    assert (given.sender, given.recipient) == ("iam@example.org", "alice@example.org")
    assert (given.ehlo, given.tls, given.login) == ("login.test", True, None)
    assert given.message["Subject"] == "A test"
    assert given.text == "Hello, Zoë.\n"
    assert given.octets.isascii()


async def test_the_server_is_left_politely(smtp: Make, office: PostOffice) -> None:
    await smtp().carry(letter())

    await until(lambda: "QUIT" in office.talks[0].commands)


async def test_a_letter_arrives_over_tls_from_the_beginning(smtp: Make, authority: Authority) -> None:
    office = PostOffice().open(authority.options(HOST))

    await smtp(tls=True, to=office.number).carry(letter())

    await office.close()
    assert [given.tls for given in office.given] == [True]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_on_this_machine_there_is_no_tls(smtp: Make, office: PostOffice, host: str) -> None:
    await smtp(host).carry(letter())

    assert [given.tls for given in office.given] == [False]


async def test_who_offers_no_tls_gets_nothing(smtp: Make, office: PostOffice) -> None:
    office.starttls = None
    office.mechanisms = MECHANISMS

    error = await refusal(smtp(login=LOGIN))

    assert "TLS" in str(error)
    assert (error.refused, error.final) == (False, False)
    assert {command.upper() for command in office.talks[0].commands} <= {"EHLO", "QUIT"}


@pytest.mark.parametrize("tls", [False, True], ids=["starttls", "smtps"])
async def test_a_certificate_of_another_name_is_refused(smtp: Make, authority: Authority, *, tls: bool) -> None:
    serving = authority.options(HOST)
    office = PostOffice(serving).open(serving if tls else None)

    error = await refusal(smtp("another.test", tls=tls, to=office.number))

    await office.close()
    assert office.given == []
    assert not error.final


async def test_a_certificate_of_nobody_known_is_refused(smtp: Make, office: PostOffice) -> None:
    assert "certificate verify failed" in str(await refusal(smtp(trust_root=Authority().trust_root)))

    assert office.given == []


async def test_a_certification_authority_in_ssl_cert_file_is_believed(
    smtp: Make, office: PostOffice, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "authority.pem").write_bytes(authority.pair[1].public_bytes(Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))

    await smtp(trust_root=None).carry(letter())

    assert len(office.given) == 1


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=bytes.decode)
async def test_we_log_in_where_there_is_a_password(smtp: Make, office: PostOffice, mechanism: bytes) -> None:
    office.mechanisms = {mechanism: MECHANISMS[mechanism]}

    await smtp(login=LOGIN).carry(letter())

    assert [given.login for given in office.given] == [LOGIN[0]]


async def test_a_wrong_password_is_said_without_it(smtp: Make, office: PostOffice) -> None:
    office.mechanisms = MECHANISMS

    error = await refusal(smtp(login=(LOGIN[0], "wrong horse")))

    assert str(error).startswith("535 ")
    assert office.talks[0].commands.count("AUTH") == 1
    assert "horse" not in str(error)
    assert (error.refused, error.final) == (False, False)


async def test_where_nobody_can_log_in_a_password_is_not_sent(smtp: Make, office: PostOffice) -> None:
    assert "Authentication" in str(await refusal(smtp(login=LOGIN)))

    assert office.given == []


@pytest.mark.parametrize(
    ("stage", "code", "text", "refused", "final"),
    [
        ("MAIL", 451, "not now", False, False),
        ("MAIL", 550, "not from you", False, False),
        ("RCPT", 450, "4.2.1 greylisted", False, False),
        ("RCPT", 550, "5.7.1 relay denied", True, False),
        ("RCPT", 550, "nobody here", True, False),
        ("RCPT", 550, "5.1.1 nobody here", True, True),
        ("RCPT", 556, "5.1.10 no mail here", True, True),
        ("RCPT", 450, "5.1.1 but tell nobody", False, False),
        ("DATA", 452, "full", False, False),
        ("DATA", 554, "5.1.1 spam", True, False),
    ],
    ids=lambda value: str(value).replace(" ", "-"),
)
async def test_a_refusal_is_known_by_what_it_is_about(
    smtp: Make, office: PostOffice, stage: str, code: int, text: str, *, refused: bool, final: bool
) -> None:
    office.refusal = (stage, code, text)

    error = await refusal(smtp())

    assert str(error) == f"{code} {text}"
    assert (error.refused, error.final) == (refused, final)
    assert office.given == []


async def test_who_takes_a_letter_and_dies_has_not_said_that_it_has_it(smtp: Make, office: PostOffice) -> None:
    office.dies = True

    assert "the connection ended" in str(await refusal(smtp()))

    assert len(office.given) == 1


async def test_who_does_not_answer_in_time_is_left(smtp: Make, office: PostOffice) -> None:
    office.slow = True

    assert "within 0.3 seconds" in str(await refusal(smtp(patience=0.3)))

    await until(lambda: not office.talks[0].alive)


async def test_who_is_down_is_known_by_that(smtp: Make, office: PostOffice) -> None:
    await office.close()

    assert f"{HOST}: Connection was refused" in str(await refusal(smtp()))


async def test_a_server_of_no_known_name_is_known_by_that(smtp: Make) -> None:
    assert "nowhere.test is not known" in str(await refusal(smtp("nowhere.test")))


class Said(Protocol):
    """Says something at once, and more when it is asked for TLS."""

    first, then = b"", b""

    def connectionMade(self) -> None:
        self.heard = b""
        self.transport.write(self.first)

    def dataReceived(self, data: bytes) -> None:
        self.heard += data
        if b"STARTTLS" in data:
            self.transport.write(self.then)
        elif b"EHLO" in data:
            self.transport.write(b"250-mail.test\r\n250 STARTTLS\r\n")


async def said(smtp: Make, first: bytes, then: bytes = b"") -> tuple[NotSent, bytes]:
    """What comes of a server that says this, and what it heard."""
    kind: Any = type("Kind", (Said,), {"first": first, "then": then})
    factory: Any = Factory.forProtocol(kind)
    made: list[Said] = []
    factory.buildProtocol = lambda _: made.append(kind()) or made[-1]
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    error = await refusal(smtp(to=port.getHost().port))
    await port.stopListening()
    return error, made[0].heard


async def test_what_stands_in_the_clear_behind_starttls_is_not_taken_for_said_in_tls(smtp: Make) -> None:
    error, heard = await said(smtp, b"220 mail.test\r\n", b"220 go on\r\n250 AUTH PLAIN\r\n")

    assert "in the clear" in str(error)
    assert heard.count(b"EHLO") == 1


@pytest.mark.parametrize(
    "first",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"554 go away\r\n", b"\xff\xff\xff\r\n", b"220-" + b"x" * 200_000],
    ids=["http", "a refusal", "noise", "endless"],
)
async def test_who_speaks_otherwise_is_left(smtp: Make, first: bytes) -> None:
    error, heard = await said(smtp, first)

    assert str(error).isprintable()
    assert len(str(error)) < 300
    assert b"MAIL" not in heard


async def test_dots_at_the_beginning_of_lines_arrive_wherever_they_stand(smtp: Make, office: PostOffice) -> None:
    text = "".join(f".{'.' * (number % 3)} line {number}\n" for number in range(5000))

    await smtp().carry(letter(text + ".\n"))

    assert office.given[0].text == text + ".\n"


async def test_no_secret_is_logged(smtp: Make, office: PostOffice) -> None:
    office.mechanisms = MECHANISMS
    lines: list[str] = []
    observer = lambda event: lines.append(eventAsJSON(event))  # noqa: E731
    globalLogPublisher.addObserver(observer)
    try:
        await smtp(login=LOGIN).carry(letter("https://login.example.org/reset#iam_xx_secret\n"))
        office.dies = True
        await refusal(smtp(login=LOGIN), letter("https://login.example.org/reset#iam_xx_secret\n"))
        await refusal(smtp(login=(LOGIN[0], "wrong horse")))
    finally:
        globalLogPublisher.removeObserver(observer)

    said = "\n".join(lines)
    assert [word for word in ("iam_xx", "pass word", "horse", "AGlhbS", "aG9yc2U") if word in said] == []


@pytest.mark.parametrize(
    ("host", "named"),
    [("login.example.org", "login.example.org"), ("192.0.2.1", "[192.0.2.1]"), ("2001:db8::1", "[IPv6:2001:db8::1]")],
)
def test_we_are_named_as_the_specification_wants_it(host: str, named: str) -> None:
    assert identity(host) == named

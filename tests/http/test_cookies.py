"""The cookies are read strictly and written with every protection (H17)."""

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from twisted.web.http_headers import Headers

from iam.browser import cookies
from iam.secrets.minted import Kind
from tests.harness import made_up
from tests.http.conftest import settings

HTTPS = settings(issuer="https://login.example")
HTTP = settings(issuer="http://localhost:8000")


@frozen
class Sent:
    """A request, as far as cookies go."""

    requestHeaders: Headers
    uri: bytes = b"/"


def read(*lines: bytes) -> str | None:
    return cookies.read(Sent(Headers({b"Cookie": list(lines)})), "iam")  # type: ignore[arg-type]


def read_others(*lines: bytes) -> tuple[str, ...]:
    return cookies.read_others(Sent(Headers({b"Cookie": list(lines)})), "iam_others")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "lines",
    [
        [b"iam=abc"],
        [b"a=1; iam=abc; b=2"],
        [b"iam=abc; iam=abc"],
        [b"a=1", b"iam=abc"],
        [b"flag; iam=abc"],
        [b"iam=abc;"],
        [b"b==;iam=abc"],
        [b"iam=abc; =iam=abd"],
        [b"=x; iam=abc; =", b"y"],
        [b'a="b c"; iam=abc; d="e'],
        [b"iam=abc; a=1; a=2; a=3"],
        [b"a=\xe9\xff; iam=abc"],
        [b"\xa0iam=abd; iam=abc"],
        [b"a=" + b"b" * 12_000 + b"; iam=abc"],
        [b"; ".join(b"a%d=b" % number for number in range(2_000)), b"iam=abc"],
    ],
)
def test_the_cookie_is_found_among_others(lines: list[bytes]) -> None:
    assert read(*lines) == "abc"


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b""],
        [b"iam"],
        [b"iam="],
        [b"IAM=abc"],
        [b"__Host-iam=abc"],
        [b"iam=abc; iam=abd"],
        [b"iam=abc", b"iam=abd"],
        [b"iam=abc; iam="],
        [b'iam=abc; iam="abc"'],
        [b'iam="abc"'],
        [b"iam=a b"],
        [b"iam=a,b"],
        [b"iam=\xe9"],
        [b"iam=" + b"a" * 129],
    ],
)
def test_a_doubtful_cookie_is_none(lines: list[bytes]) -> None:
    assert read(*lines) is None


@given(st.binary(max_size=200).filter(lambda line: b"\r" not in line and b"\n" not in line))
def test_whatever_comes_the_value_is_one_that_we_could_have_set(line: bytes) -> None:
    found = read(b"iam=abc; " + line)

    assert found is None or cookies.VALUE.fullmatch(found)


def test_what_is_set_is_read_again() -> None:
    value = made_up(Kind.SESSION)
    name, line = cookies.set_session(HTTP, value)

    assert name == b"Set-Cookie"
    assert read(line.partition(b";")[0]) == value


def test_h17_with_https_no_subdomain_and_no_http_page_can_set_the_cookie() -> None:
    line = cookies.set_session(HTTPS, "abc")[1]

    assert line == b"__Host-iam=abc; Path=/; HttpOnly; SameSite=Lax; Secure"


def test_below_a_path_the_cookies_are_for_the_path_and_have_names_that_browsers_allow_there() -> None:
    """RFC 6265bis §4.1.3: browsers refuse `__Host-` with any other Path than the root."""
    below = settings(issuer="https://login.example/auth/o")
    lines = [
        cookies.set_session(below, "abc")[1],
        cookies.set_others(below, ["abc"])[1],
        cookies.set_devices(below, ["abc"])[1].partition(b"; Max-Age")[0],
    ]

    expected = [f"__Secure-iam{end}=abc; Path=/auth/o/; HttpOnly; SameSite=Lax" for end in ("", "-others", "-devices")]
    assert [line.decode().partition("; Secure")[0] for line in lines] == expected


def test_below_a_path_without_https_the_cookie_has_its_plain_name() -> None:
    line = cookies.set_session(settings(issuer="http://localhost:8000/o"), "abc")[1]

    assert line == b"iam=abc; Path=/o/; HttpOnly; SameSite=Lax"


def test_on_this_machine_without_https_the_cookie_goes_without_secure() -> None:
    line = cookies.set_session(HTTP, "abc")[1]

    assert line == b"iam=abc; Path=/; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize(("age", "end"), [(0, b"; Max-Age=0"), (60, b"; Max-Age=60")])
def test_an_age_is_said_where_there_is_one(age: int, end: bytes) -> None:
    assert cookies.set_session(HTTP, "", age)[1].endswith(end)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (b"iam_others=a", ("a",)),
        (b"iam=x; iam_others=a.b.c.d", ("a", "b", "c", "d")),
        (b"iam_others=a.b.a", ("a", "b")),
        (b"iam_others=a.b; iam_others=a.b", ("a", "b")),
    ],
)
def test_the_other_sessions_are_read_in_their_order_and_each_once(line: bytes, values: tuple[str, ...]) -> None:
    assert read_others(line) == values


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"iam_others=",
        b"iam=a.b",
        b"__Host-iam-others=a",
        b"iam_others=a.b.c.d.e",
        b"iam_others=a..b",
        b"iam_others=.a",
        b"iam_others=a.",
        b"iam_others=a,b",
        b"iam_others=a b",
        b'iam_others="a.b"',
        b"iam_others=a; iam_others=b",
        b"iam_others=a." + b"b" * 129,
    ],
)
def test_of_a_doubtful_cookie_with_others_nothing_is_taken(line: bytes) -> None:
    assert read_others(line) == ()


def test_the_session_that_acts_is_never_one_of_several_values() -> None:
    assert read(b"iam=a.b") is None


def test_the_other_sessions_that_are_set_are_read_again() -> None:
    values = tuple(made_up(Kind.SESSION) for _ in range(cookies.MOST))
    line = cookies.set_others(HTTP, values)[1]

    assert read_others(line.partition(b";")[0]) == values


def test_h17_the_cookie_with_others_has_the_same_protections() -> None:
    line = cookies.set_others(HTTPS, ["a", "b"], 60)[1]

    assert line == b"__Host-iam-others=a.b; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60"


def removed(path: bytes, host: str, **options: object) -> set[str]:
    """What the headers remove that are sent to who has several cookies under our name."""
    sent = Sent(Headers({b"Cookie": [b"iam=abc; iam=abd"]}), path)
    lines = cookies.remove(sent, settings(issuer=f"http://{host}:8000"))  # type: ignore[arg-type]
    found = [dict(part.strip().partition("=")[::2] for part in line.decode().split(";")) for _, line in lines]
    assert all(parts["Max-Age"] == "0" for parts in found)
    return {f"{parts.get('Domain', '-')} {parts['Path']}" for parts in found if "iam" in parts}


def test_several_cookies_under_our_name_are_removed_wherever_they_may_have_been_set() -> None:
    assert removed(b"/login?next=/", "localhost") == {
        f"{domain} {path}" for domain in ("-", "localhost") for path in ("/", "/login", "/login/")
    }
    assert removed(b"/a", "127.0.0.1") == {"- /", "- /a", "- /a/"}
    assert removed(b"/a;b", "127.0.0.1") == {"- /"}


def test_with_https_nobody_else_can_have_set_one() -> None:
    assert cookies.remove(Sent(Headers({})), HTTPS) == ()  # type: ignore[arg-type]


def test_a_cookie_of_a_domain_above_ours_is_removed_there() -> None:
    behind = settings(issuer="https://id.login.example/o")
    lines = [
        line
        for _, line in cookies.remove(
            Sent(Headers({b"Cookie": [b"__Secure-iam=a; __Secure-iam=b"]}), b"/o/login"), behind
        )
    ]  # type: ignore[arg-type]

    assert b"__Secure-iam=; Path=/o/; HttpOnly; SameSite=Lax; Domain=login.example; Secure; Max-Age=0" in lines
    assert not [line for line in lines if b"Domain=example;" in line]

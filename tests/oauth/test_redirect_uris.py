"""Redirect URIs: which are registered, which are meant (RFC 8252 §7, RFC 9700 §2.1)."""

import time
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam import schemes
from iam.clients.redirect_uris import Rules, claimed, complaint, danger, matches, origin, unprotected, usable
from iam.settings import SettingsError, read

GOOD = [
    "https://app.example.org/callback",
    "https://app.example.org",
    "https://app.example.org:8443/a/b?tenant=1&x=%20y",
    "https://app.example.org/callback;v=1",
    "https://xn--mller-kva.example/",
    "https://192.0.2.1/cb",
    "https://[2001:db8::1]/cb",
    "http://localhost/cb",
    "http://localhost:3000/cb",
    "http://127.0.0.1/cb",
    "http://127.8.9.10:5000/cb",
    "http://[::1]:8080/cb",
    "https://oidc.example/encode?state2=x&encoded=1",
]


@pytest.mark.parametrize("uri", GOOD)
def test_an_https_or_loopback_uri_is_registered(uri: str) -> None:
    assert complaint(uri, confidential=True) is None
    assert complaint(uri, confidential=False) is None


@pytest.mark.parametrize("uri", ["com.example.app:/callback", "com.example.app://callback", "org.example.a-b:/x?y=1"])
def test_an_apps_own_scheme_is_for_public_clients(uri: str) -> None:
    assert complaint(uri, confidential=False) is None
    assert "public clients" in (complaint(uri, confidential=True) or "")


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("", "characters"),
        ("/callback", "absolute"),
        ("//app.example.org/cb", "absolute"),
        ("app.example.org/cb", "absolute"),
        ("http://app.example.org/cb", "https://"),
        ("http://127.0.0.1.evil.example/cb", "https://"),
        ("http://localhost.evil.example/cb", "https://"),
        ("http://0.0.0.0/cb", "https://"),
        ("http://127.1/cb", "https://"),
        ("HTTP://app.example.org/cb", "https://"),
        ("https:///cb", "host"),
        ("https:app.example.org/cb", "host"),
        ("https:/app.example.org/cb", "host"),
        ("https://", "host"),
        ("https://?x", "host"),
        ("https://a..b/cb", "host"),
        ("https://app.example.org:99999/cb", "host"),
        ("https://app.example.org:/cb", "host"),
        ("https://[::1/cb", "host"),
        ("https://[zz]/cb", "host"),
        ("https://[::1].evil/cb", "host"),
        ("https://a@b/cb", "user name"),
        ("https://a:b@c/cb", "user name"),
        ("http://a@b@evil/cb", "user name"),
        ("http://127.0.0.1:80@evil.example/cb", "user name"),
        ("com.example.app://a@b/cb", "user name"),
        ("com.example.app://[abc/cb", "after //"),
        ("com.example.app://[abc]/cb", "after //"),
        ("com.example.app://abc]/cb", "after //"),
        ("com.example.app://a:b:c/cb", "after //"),
        ("com.example.app://a:99999/cb", "after //"),
        ("http://evil\\@127.0.0.1/cb", "backslashes"),
        ("https://app.example.org/a b", "spaces"),
        ("https://app.example.org/a\n", "spaces"),
        ("https://app.example.org/\tb", "spaces"),
        (" https://app.example.org/", "spaces"),
        ("https://app.example.org/\0", "spaces"),
        ("https://app.example.org/%zz", "spaces"),
        ('https://app.example.org/"><svg', "spaces"),
        ("https://app.example.org/cb#", "fragment"),
        ("https://app.example.org/cb#state=1", "fragment"),
        ("https://müller.example/", "ASCII"),
        ("https://app.example.org/..", ". or .."),
        ("https://app.example.org/../x", ". or .."),
        ("https://app.example.org/./x", ". or .."),
        ("https://app.example.org/cb/..;/x", ". or .."),
        ("https://app.example.org/cb/..;a=b/x", ". or .."),
        ("https://app.example.org/cb/%2e%2e/x", ". or .."),
        ("https://app.example.org/cb/.%2E/x", ". or .."),
        ("https://app.example.org/cb%2f..", ". or .."),
        ("https://app.example.org/cb%5c../x", ". or .."),
        ("https://app.example.org/cb?code=x", "parameter code"),
        ("https://app.example.org/cb?a=1&state=x", "parameter state"),
        ("https://app.example.org/cb?iss=x", "parameter iss"),
        ("https://app.example.org/cb?error", "parameter error"),
        ("https://app.example.org/cb?a;code=x", "parameter code"),
        ("https://app.example.org/cb?%63ode=x", "parameter code"),
        ("https://app.example.org/cb?a?b&CODE=1", "parameter code"),
        ("javascript:alert(1)", "https://"),
        ("JaVaScript:alert(1)", "https://"),
        ("data:text/html,x", "https://"),
        ("vbscript:x", "https://"),
        ("file:///etc/passwd", "https://"),
        ("myapp:/callback", "https://"),
        ("urn:ietf:wg:oauth:2.0:oob", "https://"),
        ("https://app.example.org/" + "a" * 2048, "2048"),
    ],
)
def test_rows_2_to_5_what_is_dangerous_is_refused_with_a_sentence(uri: str, words: str) -> None:
    sentence = complaint(uri, confidential=False)

    assert sentence is not None
    assert words in sentence
    assert sentence.endswith(".")


@given(st.text(max_size=300))
def test_whatever_is_typed_is_judged(text: str) -> None:
    sentence = complaint(text, confidential=False)

    assert sentence is None or sentence.endswith(".")


PIECES = st.sampled_from(
    [
        "https:",
        "http:",
        "//",
        "/",
        "@",
        ":",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "evil.example",
        "?",
        "&",
        "=",
        "code",
        "%2e",
        "..",
        ";",
        "%40",
        "[",
        "]",
        "80",
        "\\",
        "#",
        "com.a:",
        "a",
        ".",
        "-",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_passes_leads_where_a_browser_also_thinks_it_leads(uri: str) -> None:
    if complaint(uri, confidential=True) is None:
        parts = urlsplit(uri)
        assert parts.username is None
        assert parts.fragment == ""
        assert parts.hostname
        assert parts.scheme == "https" or parts.hostname == "localhost" or parts.hostname.startswith(("127.", "::1"))
        assert origin(uri).startswith(parts.scheme + ":")


@pytest.mark.parametrize(
    "uri",
    ["https://[" + ":" * 16_000 + "]/", "https://" + "a." * 8000, "a" * 16_000 + ":", "https://x/" + "%2e" * 5000],
)
def test_a_long_uri_costs_nothing(uri: str) -> None:
    began = time.process_time()

    assert complaint(uri, confidential=False) is not None
    matches("http://127.0.0.1/cb", uri)

    assert time.process_time() - began < 1  # what grows with the square of the length takes minutes


@pytest.mark.parametrize("uri", [*GOOD, "com.example.app:/callback"])
def test_a_uri_matches_itself(uri: str) -> None:
    assert matches(uri, uri)


@pytest.mark.parametrize(
    ("registered", "requested"),
    [
        ("http://127.0.0.1/cb", "http://127.0.0.1:51234/cb"),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1:51234/cb"),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1/cb"),
        ("http://[::1]/cb?x=1", "http://[::1]:51234/cb?x=1"),
        ("http://127.0.0.1", "http://127.0.0.1:1"),
    ],
)
def test_a_loopback_address_matches_with_any_port(registered: str, requested: str) -> None:
    """RFC 8252 §7.3."""
    assert matches(registered, requested)


@pytest.mark.parametrize(
    ("registered", "requested"),
    [
        ("https://app.example.org/cb", "https://app.example.org/cb/"),
        ("https://app.example.org/cb", "https://app.example.org/cb?x=1"),
        ("https://app.example.org/cb", "https://app.example.org:443/cb"),
        ("https://app.example.org/cb", "https://APP.example.org/cb"),
        ("https://app.example.org/cb", "https://app.example.org/cb/../evil"),
        ("https://app.example.org/cb", "https://app.example.org/%63b"),
        ("https://app.example.org", "https://app.example.org/"),
        ("http://localhost/cb", "http://localhost:3000/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.2/cb"),
        ("http://127.0.0.1/cb", "http://[::1]/cb"),
        ("http://127.0.0.1/cb", "https://127.0.0.1:1/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb/"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/other"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb\n"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1#/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1\\/cb"),
    ],
)
def test_everything_else_is_compared_letter_by_letter(registered: str, requested: str) -> None:
    assert not matches(registered, requested)


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("https://App.example.org:8443/cb?x", "https://app.example.org:8443"),
        ("https://app.example.org?x", "https://app.example.org"),
        ("http://127.0.0.1:5000/cb", "http://127.0.0.1:5000"),
        ("http://[::1]:5000/cb", "http:"),
        ("com.example.app:/cb", "com.example.app:"),
        ("com.example.app://cb/x", "com.example.app:"),
    ],
)
def test_a_policy_names_where_a_form_may_lead(uri: str, source: str) -> None:
    assert origin(uri) == source


@pytest.mark.parametrize(
    "uri",
    ["https://app.example.org/cb", "https://APP.example.org.:8443/", "https://8.8.8.8/cb", "https://[2600::1]/cb"],
)
def test_an_https_address_of_another_machine_is_claimed(uri: str) -> None:
    assert claimed(uri)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST.", "app.localhost", "app.localhost."),
        *("127.0.0.1", "127.0.0.1.", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::]"),
    ],
)
def test_an_address_on_this_machine_is_claimed_in_no_spelling(host: str) -> None:
    assert not claimed(f"https://{host}/cb")


@pytest.mark.parametrize(
    "uri", ["http://app.example.org/cb", "com.example.app:/cb", "com.example.app://app.example.org/cb"]
)
def test_no_other_scheme_is_claimed(uri: str) -> None:
    assert not claimed(uri)


@pytest.mark.parametrize("uri", ["cursor://anysphere.cursor-mcp/oauth/callback", "vscode:/cb", "CURSOR:/cb"])
def test_a_scheme_without_a_dot_is_registered_where_the_operator_named_it(uri: str) -> None:
    allowed = Rules(private_schemes=frozenset({"cursor", "vscode"}))

    assert complaint(uri, confidential=False, rules=allowed) is None
    assert "public clients" in (complaint(uri, confidential=True, rules=allowed) or "")
    assert complaint(uri, confidential=False) is not None
    assert danger(uri) is None


@pytest.mark.parametrize("uri", ["app.immich:///oauth-callback", "com.example.app:/cb", "cursor://cb"])
def test_an_administrator_may_give_an_apps_own_scheme_to_a_client_with_a_secret(uri: str) -> None:
    assert complaint(uri, confidential=True, rules=Rules(unusual=True)) is None


@pytest.mark.parametrize("scheme", sorted(schemes.NEVER - {"http", "https"}))
def test_no_rule_allows_a_scheme_that_browsers_open_by_themselves(scheme: str) -> None:
    anything = Rules(private_schemes=frozenset({scheme}), unusual=True, http=True)

    assert complaint(f"{scheme}://a/b", confidential=False, rules=anything) is not None
    assert danger(f"{scheme.upper()}:x") is not None


@pytest.mark.parametrize("scheme", [*sorted(schemes.NEVER), "urn", "Cursor", "com.example", "cursor:", "", "-", "x"])
def test_an_operator_can_name_no_scheme_that_is_dangerous_or_none(scheme: str) -> None:
    with pytest.raises(SettingsError, match=r"^--private-scheme: "):
        read({"private_scheme": (scheme,)})


@pytest.mark.parametrize(
    "uri",
    [
        "http://192.168.2.50:2283/cb",
        "http://10.0.0.1/",
        "http://172.31.0.1/",
        "http://[fd00::1]:80/cb",
        "http://photos/cb",
    ],
)
def test_http_leads_into_private_networks_where_the_client_may(uri: str) -> None:
    assert complaint(uri, confidential=True, rules=Rules(http=True)) is None
    assert "http is only for this machine" in (complaint(uri, confidential=True, rules=Rules(unusual=True)) or "")
    assert unprotected([uri, "https://photos/cb", "http://localhost/cb"]) == (uri,)


@pytest.mark.parametrize(
    "host",
    [
        *("app.example.org", "photos.lan", "8.8.8.8", "172.32.0.1", "192.169.0.1", "0.0.0.0", "169.254.169.254"),
        *("134744072", "0x08080808", "010.0.0.1", "10.1", "[2001:db8::1]", "[::ffff:10.0.0.1]", "photos."),
    ],
)
def test_http_leads_nowhere_else(host: str) -> None:
    assert complaint(f"http://{host}/cb", confidential=True, rules=Rules(http=True, unusual=True)) is not None


def test_what_does_not_fit_is_left_out_and_what_is_dangerous_is_not() -> None:
    good, unfit = ("https://app.example.org/cb", "com.example.app:/cb"), ("cursor:/cb", "http://app.example.org/")

    assert usable(good + unfit, confidential=False) == good
    assert usable(good + unfit, confidential=True) == good[:1]
    assert usable(unfit, confidential=False) == unfit
    assert usable([*good, *unfit, "javascript:x"], confidential=False) == (*good, *unfit, "javascript:x")


@pytest.mark.parametrize("requested", ["http://localhost:53682/callback", "http://localhost:1/callback"])
def test_of_a_native_client_localhost_matches_with_any_port(requested: str) -> None:
    assert matches("http://localhost/callback", requested, native=True)
    assert matches("http://localhost:8080/callback", "http://localhost/callback", native=True)


@pytest.mark.parametrize(
    "requested",
    [
        *("http://127.0.0.1:1/callback", "http://localhost.:1/callback", "http://a.localhost:1/callback"),
        *("http://localhost:1/callback/", "http://localhost:1/other", "https://localhost:1/callback"),
        *("http://LOCALHOST:1/callback", "http://localhost:99999/callback", "http://localhost:1@evil.example/callback"),
    ],
)
def test_localhost_is_that_name_alone(requested: str) -> None:
    assert not matches("http://localhost/callback", requested, native=True)

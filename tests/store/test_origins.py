"""Origins out of redirect URIs."""

from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from iam.clients import redirect_uris
from iam.store.origins import origin_of, origins

uris = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["https", "http", "HTTPS", "com.example.app", "javascript"]),
    st.sampled_from(
        ["app.example", "APP.example", "localhost", "127.0.0.1", "127.9.9.9", "[::1]", "[::2]", "a@b", "", "é"]
    ),
    st.sampled_from(["", ":1", ":443", ":80", ":0443", ":99999", ":x"]),
    st.sampled_from(["", "/", "/callback?a=b", "?a", "\\@evil.example", ".evil.example/"]),
)


@given(st.text() | uris)
def test_an_origin_is_that_of_a_uri_that_may_be_registered(uri: str) -> None:
    origin = origin_of(uri)

    if origin is None or redirect_uris.complaint(uri, confidential=False):
        return
    there, here = urlsplit(uri), urlsplit(origin)
    assert (here.scheme, here.hostname) == (there.scheme, there.hostname)
    assert (here.port or 0) in (there.port, 0)
    assert origin == origin.lower()
    assert (here.path, here.query, here.username) == ("", "", None)


@given(uris)
def test_http_is_for_this_machine_only(uri: str) -> None:
    origin = origin_of(uri)

    assert origin is None or origin.startswith(("https://", "http://localhost", "http://127.", "http://[::1]"))


def test_each_origin_is_there_once() -> None:
    assert origins(["https://a.example/x", "https://a.example/y", "app:/z"]) == {"https://a.example"}

"""What every answer of the server looks like (H9)."""

import re

from tests.harness import Reply

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
}
SHARING = {
    "Vary", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers", "Access-Control-Max-Age",
}  # fmt: skip
OTHERS = {"Cross-Origin-Resource-Policy", "Date", "Permissions-Policy", "Content-Security-Policy"}
SOMETIMES = {
    "Cross-Origin-Opener-Policy",
    "Content-Disposition",
    "Content-Type",
    "Content-Length",
    "Location",
    "Set-Cookie",
    "Allow",
    "WWW-Authenticate",
    "ETag",
    "Link",
    "Retry-After",
}
POLICY = re.compile(
    r"default-src 'none'; style-src 'self'; img-src 'self' data:; (form-action 'self'; )?"
    r"frame-ancestors 'none'; base-uri 'none'(?P<scripts>; script-src 'self')?"
)
CACHED = re.compile(r"no-cache|public, max-age=\d+(, immutable)?")  # static files, and the keys
MAY_BE_CACHED = ("text/css; charset=utf-8", "image/svg+xml")
KINDS = (
    "",
    "application/json",
    "application/problem+json",
    "text/html; charset=utf-8",
    "text/plain; charset=utf-8",
    *MAY_BE_CACHED,
)
TRACES = ("Traceback", "File ", "RuntimeError", "canary", "Twisted", "twisted", "werkzeug", "psycopg", "<built-in")


# What each static script uses of what the Permissions-Policy gives; passkeys.js by the ceremonies of its page.
CEREMONIES = {"use": "publickey-credentials-get", **dict.fromkeys(("make", "upgrade"), "publickey-credentials-create")}
USES = {
    "copy.js": {"clipboard-write"},
    "recovery_codes.js": {"clipboard-write"},
    "passkeys.js": set(CEREMONIES.values()),
    "new_password.js": set(),
    "form_post.js": set(),
}


def scripts(reply: Reply) -> list[str]:
    """The names of the scripts of a page."""
    html = (reply.header("content-type") or "").startswith("text/html")
    return re.findall(r'<script src="[^"]*/static/(\w+\.js)\?', reply.text) if html else []


def used(reply: Reply) -> set[str]:
    """The features that the scripts of a page use."""
    ceremonies = {CEREMONIES[name] for name in re.findall(r'data-passkey="(\w+)"', reply.text)}
    return {use for name in scripts(reply) for use in (ceremonies if name == "passkeys.js" else USES[name])}


def allowed(reply: Reply) -> set[str]:
    """The features that the Permissions-Policy gives to a page."""
    policy = dict(part.split("=") for part in (reply.header("permissions-policy") or "").split(", "))
    assert {use for uses in USES.values() for use in uses} <= set(policy)
    assert set(policy.values()) <= {"()", "(self)"}
    return {feature for feature, origins in policy.items() if origins == "(self)"}


def complete(reply: Reply) -> None:
    """Assert that these are the headers of every answer, and no others."""
    sent = {name.decode(): [value.decode() for value in values] for name, values in reply.headers.getAllRawHeaders()}
    if sent.get("Content-Encoding") == [""]:
        del sent["Content-Encoding"]  # treq leaves it there
    expected = dict(ALWAYS)
    if CACHED.fullmatch(sent["Cache-Control"][0]):
        del expected["Cache-Control"], expected["Pragma"]
    assert {name: sent.get(name) for name in expected} == {name: [value] for name, value in expected.items()}
    assert {*expected, *OTHERS} <= set(sent) <= {*ALWAYS, *OTHERS, *SOMETIMES, *SHARING}
    readable = "Access-Control-Allow-Origin" in sent
    assert sent["Cross-Origin-Resource-Policy"] == ["cross-origin" if readable else "same-origin"]
    policy = POLICY.fullmatch(sent["Content-Security-Policy"][0])
    scripted = "<script" in reply.text and sent.get("Content-Type") == ["text/html; charset=utf-8"]
    assert policy
    assert (policy["scripts"] is not None) == scripted
    assert "camera=()" in sent["Permissions-Policy"][0]
    assert allowed(reply) == used(reply)
    kind = sent.get("Content-Type", [""])[0]
    assert kind in KINDS
    assert "Cache-Control" in expected or kind in MAY_BE_CACHED or set(reply.json) == {"keys"}
    assert not [trace for trace in TRACES if trace in reply.text]

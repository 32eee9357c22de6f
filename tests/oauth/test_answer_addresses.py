"""Where an authorization answer goes: the registered address byte for byte, and behind it the answer, whatever was asked."""

from urllib.parse import parse_qsl

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from iam.clients import redirect_uris
from iam.protocol import bridge
from tests.harness import CHALLENGE, App, Person, Reply, Server, action

EXAMPLES = 200
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
BEGINNINGS = ["https://client.example", "http://localhost:9", "http://[::1]:9", "HTTPS://Client.Example:443"]
APPS_OWN = ["com.example.app:", "com.example.app:/", "com.example.app://", "com.example.app:///"]
REST = "abcXYZ09._~:/?@!$&'()*+,;=-"

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
rest = st.lists(st.sampled_from([*REST, "%7E", "%2b", "%C3%BC", "??", "&&", "a=b", "%20"]), max_size=12).map("".join)
addresses = st.builds(
    lambda beginning, separator, rest: beginning + separator + rest,
    st.sampled_from([*BEGINNINGS, *APPS_OWN]),
    st.sampled_from(["", "/", "?", "/?"]),
    rest,
)
asked = st.fixed_dictionaries(
    {},
    optional={
        "state": texts,
        "scope": st.sampled_from(["read", "write", "read write", "openid", "admin"]) | texts,
        "response_type": st.sampled_from(["code", "token", "code token", "none"]) | texts,
        "response_mode": st.sampled_from(["query", "fragment", "fragment", "form_post"]) | texts,
        "code_challenge": st.sampled_from([CHALLENGE, "short"]) | texts,
        "code_challenge_method": st.sampled_from(["S256", "plain"]) | texts,
        "request": texts,
        "nonce": texts,
        "user": texts,
        "grant_type": st.sampled_from(["authorization_code"]) | texts,
    },
)


def answer(server: Server, person: Person, uri: str, parameters: dict[str, str], decision: str) -> Reply:
    """The answer for a public client that registered this address; inside `bridge.call`."""
    client = {"auth_method": "none", "grant_types": ("authorization_code",), "redirect_uris": (uri,)}
    app: App = bridge.wait(server.app(**client))
    return bridge.wait(server.authorize(app, person, decision, redirect_uri=uri, **parameters))


async def test_an_answer_goes_to_the_registered_address_with_the_clients_state_and_our_issuer(server: Server) -> None:
    person = await server.person()

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=SLOW)
    @given(addresses, asked, st.sampled_from(["allow", "allow", "deny"]))
    @example("https://client.example/cb?a=%7E&b", {"state": "a b+c&d=é#"}, "allow")
    @example("com.example.app:///cb", {"response_mode": "fragment", "state": "\r\nX: y"}, "deny")
    @example("https://client.example/cb?", {"scope": "admin", "state": "%00"}, "allow")
    def sent(uri: str, parameters: dict[str, str], decision: str) -> None:
        assume(redirect_uris.complaint(uri, confidential=False) is None)

        reply = answer(server, person, uri, parameters, decision)

        if reply.status == 200:
            told = reply.sent_back
            assert action(reply.text) == uri
            assert told["iss"] == server.settings.issuer
            assert told.get("state", "") == parameters.get("state", "xyz")
            return
        mark = "#" if parameters.get("response_mode") == "fragment" else "?"
        base = uri + (mark if mark not in uri else "" if uri.endswith((mark, "&")) else "&")
        assert reply.status in (302, 303)
        assert reply.location.startswith(base)
        members = parse_qsl(reply.location.removeprefix(base), keep_blank_values=True, strict_parsing=True)
        names = [name for name, _ in members]
        state = parameters.get("state", "xyz")
        assert [value for name, value in members if name == "state"] == ([state] if state else [])
        assert [value for name, value in members if name == "iss"] == [server.settings.issuer]
        assert len([name for name in names if name in ("code", "error")]) == 1
        assert len(names) == len(set(names))

    await bridge.call(sent)

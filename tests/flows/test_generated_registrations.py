"""Bad registrations, generated: each is refused in the RFC's words or registers a client that is in order."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from iam.clients.metadata import ClientMetadata
from iam.protocol import bridge
from iam.records.client_metadata import DEFAULTS
from tests.answers import complete
from tests.flows.asks import DESCRIPTION
from tests.harness import REDIRECT_URI, Server
from tests.registering import initial_access_token, register

EXAMPLES = {False: 200, True: 600}  # each time, and with --long
ERRORS = {"invalid_client_metadata", "invalid_redirect_uri", "unapproved_software_statement", "invalid_request"}
MEMBERS = sorted({*ClientMetadata.model_fields, *DEFAULTS} - {"software_statement"})

texts = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    [
        *("none", "code", "authorization_code", "client_credentials", "openid", "read", "public", "pairwise", "native"),
        *("ES256", "HS256", "RSA-OAEP", "A128GCM", "client_secret_post", "private_key_jwt"),
        *(
            REDIRECT_URI,
            "javascript:alert(1)",
            "https://[",
            "https://client.example:99999/",
            "http://[::1]/",
            "x" * 5000,
        ),
        *("' or 1=1 --", "{{7*7}}", "<script>", "\r\nX: y", "\u202e", "\0"),
    ]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
documents = st.dictionaries(st.sampled_from(MEMBERS) | texts, anything | st.lists(texts, max_size=3), max_size=6)


async def test_any_metadata_are_refused_or_registered(server: Server, pytestconfig: pytest.Config) -> None:
    token = await initial_access_token(server)
    statuses = set()

    @settings(
        max_examples=EXAMPLES[pytestconfig.getoption("long")],
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(documents, st.booleans())
    def every(document: dict[str, Any], complete_otherwise: bool) -> None:
        asked = {**({"redirect_uris": [REDIRECT_URI]} if complete_otherwise else {}), **document}
        reply = bridge.wait(Deferred.fromCoroutine(register(server, token, asked)))

        complete(reply)
        statuses.add(reply.status)
        assert reply.status in (201, 400)
        if reply.status == 400:
            assert reply.json["error"] in ERRORS
            assert DESCRIPTION.fullmatch(reply.json["error_description"])
        else:
            assert all(uri.startswith(("https://", "http://")) for uri in reply.json["redirect_uris"])
            assert "none" not in reply.json["id_token_signed_response_alg"]

    await bridge.call(every)

    assert statuses == {201, 400}

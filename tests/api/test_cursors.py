"""Cursors that no list has given: each is refused, and none brings the server down."""

from base64 import urlsafe_b64encode
from typing import Final

import pytest

from iam.administration.actions.table import ACTIONS
from iam.pages.admin.places import filled, variables
from tests.api.conftest import Api, Caller
from tests.pages.administered import world

LISTS: Final = [action for action in ACTIONS if "after" in action.input.model_fields]
FORGED: Final = {
    "deep": "[" * 3000,
    "no list": '{"a": 1}',
    "too many": '["a", "b", "c"]',
    "no texts": "[1]",
    "NUL": '["\\u0000", "\\u0000"]',
    "half a letter": '["\\ud800", "\\ud800"]',
    "no number": "[1e999]",
    "late": '["9999-12-31T23:59:59-23:59", "1", "1"]',
}


@pytest.mark.parametrize("forged", FORGED)
async def test_a_cursor_that_no_list_gave_is_refused(api: Api, call: Caller, forged: str) -> None:
    found = await world(api.server)
    after = urlsafe_b64encode(FORGED[forged].encode()).decode().rstrip("=")
    replies = {}

    for action in LISTS:
        path = filled(action.path, {name: found[action.noun][name] for name in variables(action)})
        reply = await call("GET", f"{path}?after={after}")
        replies[action.name] = (reply.status, [error["parameter"] for error in reply.json.get("errors", [])])

    assert {name: told for name, told in replies.items() if told != (422, ["after"])} == {}

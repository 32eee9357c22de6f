"""Addresses of the administration with ids that nothing has: each is one where nothing is, and never a fault."""

from typing import Final
from urllib.parse import quote

import pytest

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model
from iam.administration.actions.table import ACTIONS
from iam.pages.admin.places import PLACE, VARIABLE, place, variables
from iam.records.role import Role
from tests.harness import Server
from tests.pages.conftest import visitor_of
from tests.pages.test_administration import somebody

ODD: Final = ("x", "%2e%2e", "a%2Fb", "a%00b", "%FF", "%25", "a;b", "x" * 2000, quote("é\u202e"), quote("\U000e0001"))
REFUSED: Final = (400, 404)  # 400: an address with a NUL, or that is no UTF-8
ABOUT: Final = [action for action in ACTIONS if variables(action)]


def address(action: Action[Model, Model], odd: str) -> str:
    """The page of an action on something of this name."""
    return VARIABLE.sub(lambda _: odd, place(action) if action.method != "GET" else PLACE + action.path)


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
async def test_nothing_has_an_odd_id(server: Server, odd: str) -> None:
    visitor = visitor_of(server, await somebody(server, Role.ADMINISTRATOR))

    found = {action.name: (await visitor.get(address(action, odd))).status for action in ABOUT}

    assert {name: status for name, status in found.items() if status not in REFUSED} == {}

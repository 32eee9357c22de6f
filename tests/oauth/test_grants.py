"""Each grant is one class and one line; what clients have to be for it is known by the same name."""

from typing import get_args

from iam import settings
from iam.oauth.grant_types import GRANT_TYPES, offered
from iam.protocol.grant import Flow, TokenGrant
from iam.protocol.grants.supported import GRANTS
from tests.harness import Server


def test_every_grant_and_every_grant_type_belong_together() -> None:
    assert [grant.name for grant in GRANTS] == [grant_type.name for grant_type in GRANT_TYPES]


def test_a_grant_serves_an_endpoint(server: Server) -> None:
    flows = {grant.name: grant.response_types for grant in server.protocol.grants if isinstance(grant, Flow)}

    assert all(isinstance(grant, TokenGrant | Flow) for grant in server.protocol.grants)
    assert flows == {each.name: each.response_types for each in offered() if each.response_types}


def test_what_people_may_be_given_are_grant_types() -> None:
    assert set(get_args(settings.GrantType)) <= {each.name for each in offered()}

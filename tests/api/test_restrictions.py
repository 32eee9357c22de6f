"""For which groups' members applications and scopes are, as `/api/v1` shows it."""

from iam.administration import client_restrictions, restrictions
from iam.records.actor import SERVER
from tests.api.conftest import Api, Caller


async def test_applications_and_scopes_say_for_which_groups_they_are(api: Api, call: Caller) -> None:
    app, on = await api.server.app(), api.server.application.administration
    for name in ("staff", "Editors"):
        await call("POST", "/groups", {"name": name})
    paths = [f"/applications/{app.client_id}", "/scopes/write"]
    before = [(await call("GET", path)).json for path in paths]
    tags = [(await call("GET", path)).header("etag") for path in paths]

    await client_restrictions.restrict_client(on, app.client_id, ["staff", "editors"], SERVER)
    await restrictions.restrict_scope(on, "write", ["staff", "editors"], SERVER)

    after = [(await call("GET", path)).json for path in paths]
    listed = [(await call("GET", f"/{noun}?limit=200")).json["items"] for noun in ("applications", "scopes")]
    assert [each["groups"] for each in before] == [[], []]
    assert [each["groups"] for each in after] == [["Editors", "staff"]] * 2
    assert after[0] in listed[0]
    assert after[1] in listed[1]
    assert not set(tags) & {(await call("GET", path)).header("etag") for path in paths}

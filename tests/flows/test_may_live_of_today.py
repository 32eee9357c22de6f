"""H20 for what is younger: pushed requests, undecided devices, tokens bound to keys, and clients that are documents."""

from collections.abc import Awaitable, Callable
from itertools import product
from typing import Any

import pytest
from attrs import frozen

from iam.administration import clients
from iam.records.actor import SERVER
from tests.documents import Publisher
from tests.dpop import Holder
from tests.flows import test_may_live as every
from tests.flows.device import DEVICE, Device, allowed, at_browser, device
from tests.flows.test_client_documents import asked
from tests.flows.test_may_live import good
from tests.harness import App, Person, Server
from tests.pages.form import form_of
from tests.pushing import Browser
from tests.pushing import handle as pushed

GRANT_TYPES = ["authorization_code", "refresh_token", DEVICE]


@frozen
class Held:
    """What somebody holds, by a key or by none, before the reason to refuse it comes up."""

    app: App
    person: Person
    publisher: Publisher
    holder: Holder | None
    handle: str
    undecided: Device
    question: str
    code: str
    device: Device
    tokens: Any
    identity: Any

    @property
    def proof(self) -> str | None:
        return self.holder.proof() if self.holder else None

    def presented(self, token: str, path: str) -> dict[str, str]:
        return self.holder.sent(token, path) if self.holder else {"Authorization": f"Bearer {token}"}


Path = Callable[[Server, Held], Awaitable[bool]]
Reason = Callable[[Server, Held, Any], Awaitable[None]]


async def handle(server: Server, held: Held) -> bool:
    browser = Browser(server, held.person)
    page = await browser.open(held.app.client_id, held.handle)
    answer = await browser.decide(page) if page.status == 200 else page
    return answer.status in (302, 303) and "code=" in answer.location


async def undecided(server: Server, held: Held) -> bool:
    visitor = at_browser(server, held.person)
    page = await visitor.get(held.question)
    if page.status != 200:
        return False
    decided = await visitor.send(form_of(page.text), decision="allow")
    return decided.status == 200 and good(await held.undecided.poll())


async def code(server: Server, held: Held) -> bool:
    return good(await server.redeem(held.app, held.code, held.proof))


async def device_code(server: Server, held: Held) -> bool:
    told = {"grant_type": DEVICE, "device_code": held.device.told["device_code"]}
    return good(await server.token(held.app, held.proof, **told))


async def refresh(server: Server, held: Held) -> bool:
    return good(await server.refresh(held.app, held.tokens["refresh_token"], held.proof))


async def introspection(server: Server, held: Held) -> bool:
    asks = await server.app(introspect_any=True)
    return bool((await server.introspect(asks, held.tokens["access_token"]))["active"])


async def introspection_of_a_refresh_token(server: Server, held: Held) -> bool:
    asks = await server.app(introspect_any=True)
    return bool((await server.introspect(asks, held.tokens["refresh_token"]))["active"])


async def resource(server: Server, held: Held) -> bool:
    return good(await server.get("/resource", headers=held.presented(held.tokens["access_token"], "/resource")))


async def user_info(server: Server, held: Held) -> bool:
    return good(await server.get("/userinfo", headers=held.presented(held.identity["access_token"], "/userinfo")))


UNDECIDED: tuple[Path, ...] = (handle, undecided)
DECIDED: tuple[Path, ...] = (
    code,
    device_code,
    refresh,
    introspection,
    introspection_of_a_refresh_token,
    resource,
    user_info,
)


async def document_disabled(server: Server, held: Held, admin: Any) -> None:
    await clients.disable(server.application.administration, held.app.client_id, SERVER)


async def document_disabled_and_enabled_again(server: Server, held: Held, admin: Any) -> None:
    await document_disabled(server, held, admin)
    server.clock.advance(1)
    await clients.enable(server.application.administration, held.app.client_id, SERVER)


async def host_disabled(server: Server, held: Held, admin: Any) -> None:
    await clients.disable_host(server.application.administration, held.app.client_id, SERVER)


async def host_disabled_by_another(server: Server, held: Held, admin: Any) -> None:
    other = held.publisher.publish()
    await server.get(asked(other))
    await clients.disable_host(server.application.administration, other.client_id, SERVER)


async def host_disabled_and_enabled_again(server: Server, held: Held, admin: Any) -> None:
    await host_disabled(server, held, admin)
    server.clock.advance(1)
    await clients.enable_host(server.application.administration, held.app.client_id, SERVER)


async def changed(server: Server, held: Held, admin: Any, *grant_types: str) -> None:
    """The document says something else now, and has been read again."""
    held.publisher.publish(held.app.client_id, grant_types=list(grant_types), scope="openid read")
    admin.execute("update client_documents set fresh_until = %s", (server.now(),))
    await server.get(asked(held.app))


async def document_without_codes(server: Server, held: Held, admin: Any) -> None:
    await changed(server, held, admin, DEVICE)


async def document_without_devices(server: Server, held: Held, admin: Any) -> None:
    await changed(server, held, admin, "authorization_code", "refresh_token")


async def document_without_its_redirect_uri(server: Server, held: Held, admin: Any) -> None:
    told = {"grant_types": GRANT_TYPES, "redirect_uris": ["https://client.example/other"]}
    held.publisher.publish(held.app.client_id, **told)
    admin.execute("update client_documents set fresh_until = %s", (server.now(),))
    await server.get(asked(held.app))


OF_DOCUMENTS: tuple[Reason, ...] = (
    document_disabled,
    document_disabled_and_enabled_again,
    host_disabled,
    host_disabled_by_another,
    host_disabled_and_enabled_again,
)
AT_ONCE: tuple[Any, ...] = (every.person_disabled, every.person_disabled_and_enabled_again, every.new_password)
OF_QUESTIONS: tuple[Any, ...] = (
    *AT_ONCE,
    every.person_deleted,
    every.session_ended,
    every.nobody_is_a_member_of_the_clients_groups,
    every.client_disabled,
    every.client_disabled_and_enabled_again,
    every.client_deleted,
    every.grant_type_withdrawn,
    every.resource_disabled,
    every.resource_deleted,
)
OF_KEYS: tuple[Any, ...] = (
    every.person_disabled,
    every.consent_withdrawn,
    every.client_disabled_and_enabled_again,
    every.grants_revoked,
    every.everything_revoked,
)
DEVICES: tuple[Path, ...] = (undecided, device_code)
CODES: tuple[Path, ...] = (handle, code, refresh, introspection, resource)

DOCUMENTS = [
    *product((*UNDECIDED, *DECIDED), OF_DOCUMENTS),
    *product(CODES, (document_without_codes,)),
    *product(DEVICES, (document_without_devices,)),
    (handle, document_without_its_redirect_uri),
    *product((*UNDECIDED, code, device_code, refresh, introspection, resource), (every.person_disabled,)),
    *product((code, device_code, refresh, introspection, resource), (every.resource_disabled, every.consent_withdrawn)),
]


async def hold(server: Server, app: App, publisher: Publisher, holder: Holder | None) -> Held:
    person, uri = await server.person(), server.own_resource
    told = {"scopes": ("read",), "token_format": "opaque", "lifetime": 3600, "client_id": None}
    await server.store.resources.create(uri, **told, clients="all", now=server.now(), by=SERVER)
    asking: dict[str, str | None] = {"resource": uri, "scope": "read"}
    bound = {"dpop_jkt": holder.jkt} if holder else {}
    tokens = await server.redeem(app, await server.code(app, person, **asking, **bound), holder and holder.proof())
    identity = await server.redeem(app, await server.code(app, person, scope="openid"), holder and holder.proof())
    waits = await device(server, app, resource=uri, scope="read")
    visitor = at_browser(server, person)
    typed = await visitor.send(await visitor.form("/device"), user_code=waits.code)
    held = Held(
        app,
        person,
        publisher,
        holder,
        await pushed(server, app, **asking, **bound),
        waits,
        typed.location,
        await server.code(app, person, **asking, **bound),
        await allowed(server, person, app, resource=uri, scope="read"),
        tokens.json,
        identity.json,
    )
    server.clock.advance(1)  # an epoch begins after what it ends
    return held


async def hold_of_a_document(configured: Callable[..., Server], publisher: Publisher) -> tuple[Server, Held]:
    server = configured(registration_scope=("read",))
    app = publisher.publish(grant_types=GRANT_TYPES, scope="openid read")
    return server, await hold(server, app, publisher, None)


async def hold_by_a_key(server: Server, publisher: Publisher) -> Held:
    app = await server.app(auth_method="none", scopes=("openid", "read"), grant_types=tuple(GRANT_TYPES))
    return await hold(server, app, publisher, Holder(server))


def forget(server: Server) -> None:
    for memory in (server.store.clients, server.store.resources, server.store.scopes):
        memory.forget()


@pytest.mark.parametrize("path", [*UNDECIDED, *DECIDED], ids=lambda path: path.__name__)
async def test_h20_without_a_reason_every_path_gives(
    server: Server, configured: Callable[..., Server], publisher: Publisher, path: Path
) -> None:
    of_a_document = await hold_of_a_document(configured, publisher)

    assert await path(*of_a_document)


@pytest.mark.parametrize("path", [*UNDECIDED, *DECIDED], ids=lambda path: path.__name__)
async def test_h20_without_a_reason_every_path_gives_who_has_the_key(
    server: Server, publisher: Publisher, path: Path
) -> None:
    held = await hold_by_a_key(server, publisher)

    assert await path(server, held)


@pytest.mark.parametrize(("path", "reason"), DOCUMENTS, ids=lambda each: each.__name__)
async def test_h20_every_path_asks_for_every_reason_of_documents(
    server: Server, configured: Callable[..., Server], publisher: Publisher, admin: Any, path: Path, reason: Reason
) -> None:
    server, held = await hold_of_a_document(configured, publisher)

    await reason(server, held, admin)
    forget(server)

    assert not await path(server, held)


@pytest.mark.parametrize(
    ("path", "reason"),
    [*product(UNDECIDED, OF_QUESTIONS), *product(DECIDED, OF_KEYS)],
    ids=lambda each: each.__name__,
)
async def test_h20_every_path_asks_for_every_reason_of_what_is_undecided_or_bound(
    server: Server, publisher: Publisher, admin: Any, path: Path, reason: Reason
) -> None:
    held = await hold_by_a_key(server, publisher)

    await reason(server, held, admin)
    forget(server)

    assert not await path(server, held)


@pytest.mark.parametrize("path", [code, refresh, resource, user_info], ids=lambda path: path.__name__)
async def test_h53_nobody_gets_anything_by_another_key(server: Server, publisher: Publisher, path: Path) -> None:
    held = await hold_by_a_key(server, publisher)
    assert held.holder
    other = Holder(server)
    object.__setattr__(held.holder, "key", other.key)

    assert not await path(server, held)

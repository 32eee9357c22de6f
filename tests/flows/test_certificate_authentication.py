"""Client authentication by certificates (RFC 8705 §2): whose they are, and everything that they are not."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import UnrecognizedExtension
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from iam.records.actor import SERVER
from tests.certificates import SERVERS, Shown, authority
from tests.flows.device import DEVICE
from tests.harness import App, Reply, Server
from tests.mutual_tls import behind, client_ca, proxied, root
from tests.pushing import asking

__all__ = ["behind", "client_ca", "root"]  # fixtures

SELF = {"grant_type": "client_credentials"}
DN = "CN=client,O=Example"
SUBJECTS: dict[str, tuple[str, x509.GeneralName | None]] = {
    "tls_client_auth_subject_dn": (DN, None),
    "tls_client_auth_san_dns": ("client.example", x509.DNSName("Client.Example")),
    "tls_client_auth_san_uri": ("https://client.example/a", x509.UniformResourceIdentifier("https://client.example/a")),
    "tls_client_auth_san_ip": ("2001:db8::1", x509.IPAddress(ip_address("2001:0db8::0001"))),
    "tls_client_auth_san_email": ("ada@client.example", x509.RFC822Name("ada@Client.example")),
}
GRANTS = ("authorization_code", "refresh_token", "client_credentials", DEVICE)


async def known(server: Server, **metadata: Any) -> App:
    """A client that an authority vouches for, by its subject unless something else is said."""
    told = metadata or {"tls_client_auth_subject_dn": DN}
    return await server.app(auth_method="tls_client_auth", grant_types=GRANTS, **told)


async def own(server: Server, *jwks: dict[str, Any]) -> App:
    """A client that vouches for itself, with these keys."""
    return await server.app(auth_method="self_signed_tls_client_auth", jwks={"keys": list(jwks)})


async def ask(server: Server, app: App, shown: Shown | None, **more: Any) -> Reply:
    """The answer to a token request with this certificate."""
    headers = shown.header if shown else {}
    return await server.post("/token", {**SELF, **app.form, **more}, headers=headers)


def refused(reply: Reply) -> bool:
    """Whether the client was not authenticated, and nothing else is said."""
    return (reply.status, reply.json["error"]) == (401, "invalid_client")


# By an authority


@pytest.mark.parametrize("member", SUBJECTS)
async def test_a_certificate_with_the_registered_subject_authenticates(
    behind: Server, root: Shown, member: str
) -> None:
    value, name = SUBJECTS[member]
    app = await known(behind, **{member: value})

    reply = await ask(behind, app, Shown(issuer=root, names=[name] if name else []))

    assert (reply.status, reply.json.get("token_type")) == (200, "Bearer"), reply.body


@pytest.mark.parametrize("member", SUBJECTS)
async def test_h54_a_certificate_of_another_subject_does_not(behind: Server, root: Shown, member: str) -> None:
    value, _ = SUBJECTS[member]
    app = await known(behind, **{member: value})
    others = [each for other, (_, each) in SUBJECTS.items() if each is not None and other != member]
    named = Shown("other" if member == "tls_client_auth_subject_dn" else value[:60], root, names=others)

    assert refused(await ask(behind, app, named))
    assert refused(await ask(behind, app, Shown("other", root)))


@pytest.mark.parametrize(
    ("name", "organization"),
    [("client", None), ("Client", "Example"), ("client", "Example,O=Example"), ("client,O=Example", None)],
)
async def test_h54_a_subject_counts_whole(behind: Server, root: Shown, name: str, organization: str | None) -> None:
    app = await known(behind)

    assert refused(await ask(behind, app, Shown(name, root, organization=organization)))


async def test_the_order_and_spelling_of_a_subject_are_those_of_rfc_4514(behind: Server, root: Shown) -> None:
    for dn, good in (
        ("CN=client,O=Example", True),
        (r"2.5.4.3=cl\69ent,O=Example", True),
        ("O=Example,CN=client", False),
    ):
        app = await known(behind, tls_client_auth_subject_dn=dn)
        assert ((await ask(behind, app, Shown(issuer=root))).status == 200) is good, dn


NAMELESS = "with a name that cannot be read"
WRONG: dict[str, Callable[[Shown], Shown]] = {
    "of another authority": lambda root: Shown(issuer=authority()),
    "of another authority of the same name": lambda root: Shown(issuer=authority(root.name)),
    "its own issuer": lambda root: Shown(),
    "of an authority that is none": lambda root: Shown(issuer=Shown("broker", root)),
    "of an authority in between, which nobody sent": lambda root: Shown(issuer=authority("between", root)),
    "expired": lambda root: Shown(issuer=root, days=(-2, -1)),
    "not valid yet": lambda root: Shown(issuer=root, days=(1, 2)),
    "signed over SHA-1": lambda root: Shown(issuer=root, old=True),
    "for servers": lambda root: Shown(issuer=root, usages=SERVERS),
    "with purposes that cannot be read": lambda root: Shown(
        usages=None, extensions=[UnrecognizedExtension(ExtensionOID.EXTENDED_KEY_USAGE, b"\x00")]
    ),
    NAMELESS: lambda root: Shown(
        issuer=root,
        extensions=[UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30\x04\xa3\x02\x30\x00")],
    ),
    "with a weak key": lambda root: Shown(issuer=root, key=rsa.generate_private_key(65537, 1024)),
}


@pytest.mark.parametrize("case", WRONG)
async def test_h54_a_certificate_that_no_believed_authority_vouches_for_is_refused(
    behind: Server, root: Shown, admin: Any, case: str
) -> None:
    app = await known(behind, tls_client_auth_san_dns="client") if case == NAMELESS else await known(behind)

    reply = await ask(behind, app, WRONG[case](root))

    assert refused(reply)
    admin.execute("select count(*) from access_tokens")
    assert admin.fetchone() == (0,)


@pytest.mark.parametrize("usages", [None, (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)])
async def test_a_certificate_for_every_purpose_is_one_for_clients(
    behind: Server, root: Shown, usages: tuple[Any, ...] | None
) -> None:
    assert (await ask(behind, await known(behind), Shown(issuer=root, usages=usages))).status == 200


async def test_a_certificate_ends_with_its_time_by_the_clock_of_the_server(behind: Server, root: Shown) -> None:
    app, shown = await known(behind), Shown(issuer=root, days=(-1, 0.5))
    assert (await ask(behind, app, shown)).status == 200

    behind.clock.advance(86400)

    assert refused(await ask(behind, app, shown))


async def test_an_authority_in_between_may_stand_in_the_file(
    server: Server, configured: Callable[..., Server], root: Shown, tmp_path: Path
) -> None:
    between = authority("between", root)
    (tmp_path / "both.pem").write_bytes(root.pem + between.pem)
    both = proxied(configured, tmp_path / "both.pem")

    assert (await ask(both, await known(both), Shown(issuer=between))).status == 200


async def test_without_authorities_none_vouches_for_anybody(
    server: Server, configured: Callable[..., Server], root: Shown
) -> None:
    without = proxied(configured, None)

    assert refused(await ask(without, await known(without), Shown(issuer=root)))


# By itself


@pytest.mark.parametrize("x5c", [True, False])
async def test_a_certificate_among_the_clients_keys_authenticates(behind: Server, x5c: bool) -> None:
    shown = Shown()

    assert (await ask(behind, await own(behind, shown.jwk(x5c=x5c)), shown)).status == 200


async def test_dates_of_a_self_signed_certificate_do_not_count(behind: Server) -> None:
    shown = Shown(days=(-20, -10))

    assert (await ask(behind, await own(behind, shown.jwk()), shown)).status == 200


async def test_a_key_without_a_certificate_stands_for_all_certificates_of_it(behind: Server) -> None:
    shown = Shown()
    renewed = Shown(key=shown.key)

    assert (await ask(behind, await own(behind, shown.jwk(x5c=False)), renewed)).status == 200
    assert refused(await ask(behind, await own(behind, shown.jwk()), renewed))


@pytest.mark.parametrize("kind", ["of another key", "of an authority", "of no key at all"])
async def test_h54_a_certificate_that_is_not_among_the_keys_is_refused(behind: Server, root: Shown, kind: str) -> None:
    keys = [] if kind == "of no key at all" else [Shown().jwk(), Shown().jwk(x5c=False)]

    assert refused(
        await ask(behind, await own(behind, *keys), Shown(issuer=root if kind == "of an authority" else None))
    )


async def test_h54_a_registered_certificate_of_another_key_counts_for_nothing(behind: Server) -> None:
    shown, other = Shown(), Shown()
    mixed = {**shown.jwk(), "x5c": other.jwk()["x5c"]}

    for each in (shown, other):
        assert refused(await ask(behind, await own(behind, mixed), each))


async def test_keys_that_cannot_be_fetched_authenticate_nobody(behind: Server) -> None:
    method, uri = "self_signed_tls_client_auth", "http://127.0.0.1:1/jwks"
    app = await behind.app(auth_method=method, jwks_uri=uri)

    assert refused(await ask(behind, app, Shown()))


# Where, and beside what else


async def test_every_endpoint_takes_certificates(behind: Server, root: Shown) -> None:
    app, shown = await known(behind), Shown(issuer=root)
    token = (await ask(behind, app, shown)).json["access_token"]
    forms: dict[str, dict[str, Any]] = {
        "/introspect": {"token": token},
        "/par": asking(),
        "/device_authorization": {},
        "/revoke": {"token": token},
    }

    for path, form in forms.items():
        assert refused(await behind.post(path, {**form, **app.form})), path
        assert refused(await behind.post(path, {**form, **app.form}, headers=Shown(issuer=root, name="x").header)), path
        reply = await behind.post(path, {**form, **app.form}, headers=shown.header)
        assert reply.status in (200, 201), (path, reply.body)


async def test_a_certificate_without_a_client_id_names_nobody(behind: Server, root: Shown) -> None:
    assert refused(await behind.post("/token", SELF, headers=Shown(issuer=root).header))


async def test_h54_a_certificate_does_not_authenticate_clients_of_other_methods(behind: Server, root: Shown) -> None:
    for method in ("client_secret_basic", "private_key_jwt"):
        app = await behind.app(auth_method=method, jwks={"keys": [Shown().jwk()]})
        reply = await behind.post("/token", {**SELF, "client_id": app.client_id}, headers=Shown(issuer=root).header)
        assert refused(reply), method


async def test_h54_a_secret_does_not_authenticate_a_client_with_a_certificate(behind: Server, root: Shown) -> None:
    app = await known(behind)

    for headers in ({}, Shown(issuer=root).header):
        assert refused(await behind.post("/token", {**SELF, **app.form, "client_secret": "a secret"}, headers=headers))


async def test_a_client_with_a_secret_may_show_a_certificate(behind: Server, root: Shown) -> None:
    app = await behind.app()

    assert (await ask(behind, app, Shown(issuer=root))).status == 200


async def test_a_client_that_is_disabled_is_refused_with_its_certificate(behind: Server, root: Shown) -> None:
    app = await known(behind)
    await behind.store.clients.set_disabled(app.client_id, behind.now(), disabled=True, by=SERVER)

    assert refused(await ask(behind, app, Shown(issuer=root)))


# The header of proxies


async def test_h54_the_header_of_who_is_no_proxy_is_ignored(
    server: Server, configured: Callable[..., Server], client_ca: Path, root: Shown
) -> None:
    elsewhere = proxied(configured, client_ca, proxy_headers=(ip_network("192.0.2.0/24"),))
    app, bound = await known(elsewhere), await elsewhere.app(tls_client_certificate_bound_access_tokens=True)

    assert refused(await ask(elsewhere, app, Shown(issuer=root)))
    assert (await ask(elsewhere, bound, Shown(issuer=root))).json["error"] == "invalid_request"


async def test_h54_the_header_is_ignored_where_it_is_not_an_option(server: Server, root: Shown) -> None:
    assert refused(await ask(server, await known(server), Shown(issuer=root)))


async def test_h54_other_headers_are_ignored(behind: Server, root: Shown) -> None:
    value = Shown(issuer=root).header["Client-Cert"]
    app = await known(behind)

    for name in ("X-SSL-Client-Cert", "X-Forwarded-Client-Cert", "X-Forwarded-Tls-Client-Cert"):
        assert refused(await behind.post("/token", {**SELF, **app.form}, headers={name: value}))


async def test_h54_two_headers_are_refused(behind: Server, root: Shown) -> None:
    app, value = await known(behind), Shown(issuer=root).header["Client-Cert"]

    for values in ([value, value], [value, ""], [f"{value}, {value}"]):
        reply = await behind.post("/token", {**SELF, **app.form}, headers={"Client-Cert": values})  # type: ignore[dict-item]
        assert (reply.status, reply.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("value", ["x", "::", ":AAAA:", "MIIB", "%2D%2D", 'Hash=00;Cert="x"', ":" + "A" * 4000 + ":"])
async def test_h54_a_header_without_a_certificate_is_refused(behind: Server, value: str) -> None:
    reply = await ask_with(behind, await behind.app(), value)

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


async def ask_with(server: Server, app: App, value: str) -> Reply:
    """The answer to a token request with this header."""
    return await server.post("/token", {**SELF, **app.form}, headers={"Client-Cert": value})


async def test_a_proxy_may_say_that_there_is_no_certificate(behind: Server) -> None:
    assert (await ask_with(behind, await behind.app(), "")).status == 200

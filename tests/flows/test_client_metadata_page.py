"""The page of client metadata says for each member what becomes of a value that does not fit, and the server does so."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from iam.clients.metadata import ClientMetadata
from iam.records.client_metadata import MEMBERS
from iam.records.member import Member, Who
from tests.harness import REDIRECT_URI, Reply, Server
from tests.registering import register

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "client_metadata.md").read_text()
ROW = re.compile(r"^\| (?P<members>`[^|]*`\)?) \|.*\| (?P<outcome>refused|left out|replaced)[^|]*\|$", re.MULTILINE)
SAID = {member: row["outcome"] for row in ROW.finditer(PAGE) for member in re.findall(r"`([a-z_]+)`", row["members"])}

CELL = re.compile(r"^\| (?P<members>`[^|]*`\)?) \| ?(?P<default>[^|]*?) ?\|.*\| (?P<last>[^|]*) \|$", re.MULTILINE)
CELLS = {
    member: (row["members"], row["default"], row["last"])
    for row in CELL.finditer(PAGE)
    for member in re.findall(r"`([a-z_]+)`", row["members"])
}
WHO = {Who.CLIENT: (False, False), Who.OWNER: (True, True), Who.ADMINISTRATOR: (True, False)}

# A value of the right type that does not fit, with what else has to be said to come that far.
MISFITS: dict[str, Any] = {
    "client_name": "a\nb",
    "redirect_uris": [REDIRECT_URI, "x:y"],
    "post_logout_redirect_uris": [REDIRECT_URI, "x:y"],
    "grant_types": ["authorization_code", "password"],
    "response_types": ["code", "token"],
    "scope": "openid admin",
    "token_endpoint_auth_method": "tls_client_auth",
    "token_endpoint_auth_signing_alg": "none",
    "jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]},
    "jwks_uri": "x",
    "application_type": "service",
    "contacts": ["a\nb"],
    "client_uri": "x",
    "logo_uri": "x",
    "policy_uri": "x",
    "tos_uri": "x",
    "software_id": "x" * 256,
    "software_version": "x" * 256,
    "software_statement": "e30.e30.",
    "subject_type": "ephemeral",
    "sector_identifier_uri": "x",
    "id_token_signed_response_alg": "none",
    "userinfo_signed_response_alg": "none",
    "authorization_signed_response_alg": "none",
    "introspection_signed_response_alg": "none",
    "introspection_encrypted_response_alg": "RSA1_5",
    "introspection_encrypted_response_enc": "A192GCM",
    "authorization_encrypted_response_alg": "RSA1_5",
    "authorization_encrypted_response_enc": "A192GCM",
    "request_object_signing_alg": "none",
    "id_token_encrypted_response_alg": "RSA1_5",
    "userinfo_encrypted_response_alg": "RSA1_5",
    "request_object_encryption_alg": "RSA1_5",
    "id_token_encrypted_response_enc": "A192GCM",
    "userinfo_encrypted_response_enc": "A192GCM",
    "request_object_encryption_enc": "A192GCM",
    "require_signed_request_object": "yes",
    "require_pushed_authorization_requests": "yes",
    "dpop_bound_access_tokens": "yes",
    "tls_client_auth_subject_dn": "CN=client",
    "tls_client_auth_san_dns": "client.example",
    "tls_client_auth_san_uri": "https://client.example",
    "tls_client_auth_san_ip": "192.0.2.1",
    "tls_client_auth_san_email": "ada@client.example",
    "tls_client_certificate_bound_access_tokens": "yes",
    "request_uris": ["x"],
    "default_max_age": -1,
    "require_auth_time": "yes",
    "default_acr_values": ["a\nb"],
    "initiate_login_uri": "x",
    "backchannel_logout_uri": "x",
    "backchannel_logout_session_required": "yes",
    "frontchannel_logout_uri": "https://other.example/",
    "frontchannel_logout_session_required": "yes",
}
BESIDES = {"token_endpoint_auth_signing_alg": {"token_endpoint_auth_method": "client_secret_jwt"}}


def outcome(reply: Reply, member: str) -> str:
    """What became of it."""
    if reply.status == 400:
        return "refused"
    assert reply.status == 201
    assert reply.json["left_out"].keys() == {member}
    kept, asked = reply.json.get(member), MISFITS[member]
    if kept is None or isinstance(asked, list) or member == "scope":
        return "left out"
    return "replaced"


def test_every_member_is_on_the_page() -> None:
    assert SAID.keys() == MISFITS.keys() == ClientMetadata.model_fields.keys() - {"client_id", "client_secret"}
    assert CELLS.keys() == SAID.keys() | {each.name for each in MEMBERS if each.who_may_set is not Who.NOBODY}


@pytest.mark.parametrize(
    "member", [each for each in MEMBERS if each.who_may_set is not Who.NOBODY], ids=lambda member: member.name
)
def test_the_page_says_of_each_member_what_its_line_says(member: Member) -> None:
    names, default, last = CELLS[member.name]

    assert member.option == member.name.replace("_", "-") or f"`--{member.option}`" in names
    assert member.default in ((), None, "") or default == f"`{json.dumps(member.default).strip(chr(34))}`"
    assert ("administrator" in last, "owner" in last) == WHO[member.who_may_set]
    assert not member.wish or not last.startswith("refused")


@pytest.mark.parametrize("member", MISFITS)
async def test_what_does_not_fit_meets_what_the_page_says(configured: Any, member: str) -> None:
    server: Server = configured(registration="open")

    reply = await register(server, None, **{**BESIDES.get(member, {}), member: MISFITS[member]})

    assert outcome(reply, member) == SAID[member]
    if SAID[member] == "refused":
        assert member in reply.json["error_description"]

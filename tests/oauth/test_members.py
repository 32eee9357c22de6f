"""From the line of a member comes all that there is of it: it is read, asked for, answered, kept and shown."""

import json
from datetime import UTC, datetime
from typing import Any

import click
import pytest
from attrs import asdict, evolve

from iam.clients import information
from iam.clients.metadata import SAID, read
from iam.commands.client_options import OPTIONS, option
from iam.pages.applications.form import ON_THE_FORM, ApplicationForm, fill, parse
from iam.records import client_metadata
from iam.records.client import Client
from iam.records.client_metadata import DEFAULTS, MEMBERS, Metadata
from iam.records.member import Member
from iam.secrets import minted

PLAIN = Metadata("Shop", "client_secret_basic", ("authorization_code",), ("https://shop.example/cb",), ("openid",))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def every(members: Any) -> Any:
    return pytest.mark.parametrize("member", members, ids=[each.attribute for each in members])


def value(member: Member) -> Any:
    """Another value than the default, of the member's type."""
    if member.type is bool:
        return not member.default
    values = {tuple[str, ...]: ("one", "two"), int | None: 7, str: "other", str | None: "other"}
    return values.get(member.type, {"keys": []})


def client(metadata: Metadata) -> Client:
    ids = {"id": "shop", "owner_id": None, "owner": None, "grant_id": minted.identifier()}
    return Client(**asdict(metadata, recurse=False), **ids, created_at=NOW, updated_at=NOW, disabled_at=None)


@every([each for each in SAID if each.attribute in DEFAULTS])
def test_a_member_that_clients_may_set_is_read_and_answered(member: Member) -> None:
    said = json.loads(json.dumps({member.name: value(member)}))

    request = read(said)

    assert (getattr(request.metadata, member.attribute), request.unknown) == (value(member), ())
    assert information.document(request.metadata)[member.name] == said[member.name]


@every([each for each in MEMBERS if each not in SAID])
def test_a_member_that_others_set_is_unknown_to_clients(member: Member) -> None:
    request = read({member.name: value(member)})

    assert request.unknown == (member.name,)
    assert member.name not in information.document(evolve(PLAIN, **{member.attribute: value(member)}))


@every([each for each in MEMBERS if each.attribute in DEFAULTS])
def test_a_member_is_kept(member: Member) -> None:
    metadata = evolve(PLAIN, **{member.attribute: value(member)})
    document = json.loads(json.dumps(client_metadata.document(metadata)))

    assert document.keys() == {member.attribute}
    assert client_metadata.members(document) == {member.attribute: value(member)}


@every(OPTIONS)
def test_a_member_is_an_option(member: Member) -> None:
    (parameter,) = option(member)(lambda: None).__click_params__

    assert isinstance(parameter, click.Option)
    assert f"--{member.option}" in parameter.opts
    assert str(parameter.help).startswith(member.help)
    assert (parameter.multiple, parameter.is_flag) == (
        member.several and member.attribute != "scopes",
        member.type is bool,
    )


@every(ON_THE_FORM)
def test_a_member_with_a_label_is_a_field(member: Member) -> None:
    chosen = client(evolve(PLAIN, **{member.attribute: value(member)}))
    field = ApplicationForm()[member.attribute]

    assert field.label.text == member.form_label
    assert parse(fill(chosen), None if member.attribute == "auth_method" else chosen) == chosen
    assert getattr(parse(fill(chosen), client(PLAIN)), member.attribute) == value(member)

"""What the guide tells secret scanners is true of every token that is made."""

import re
from zlib import crc32

import pytest

from iam.secrets.minted import ALPHABET, Kind
from iam.server.redaction import redact
from tests.docs.conftest import ROOT
from tests.harness import made_up

PAGE = (ROOT / "docs" / "guides" / "api_tokens.md").read_text()
KINDS = (Kind.PERSONAL_TOKEN, Kind.SERVICE_TOKEN)


def expression() -> re.Pattern[str]:
    """The expression of the guide."""
    found = re.search(r"```text\n(\S+)\n```", PAGE)
    assert found
    return re.compile(found[1])


@pytest.mark.parametrize("kind", KINDS)
def test_the_expression_finds_every_token_and_its_whole(kind: Kind) -> None:
    for _ in range(100):
        token = made_up(kind)

        assert [found[0] for found in expression().finditer(f"TOKEN='{token}' # {token}.")] == [token, token]


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in KINDS])
def test_the_expression_finds_no_other_secret(kind: Kind) -> None:
    assert expression().search(made_up(kind)) is None


@pytest.mark.parametrize("kind", KINDS)
def test_the_checksum_is_the_one_of_the_guide(kind: Kind) -> None:
    body, _, checksum = made_up(kind).rpartition("_")
    number = 0
    for digit in checksum:
        number = number * 62 + ALPHABET.index(digit)

    assert number == crc32(body.encode())


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_expression_finds_is_crossed_out_of_the_log(kind: Kind) -> None:
    assert expression().search(redact(f"a token {made_up(kind)} in a log")) is None

"""What the types hold: a misspelt attribute of a request is found without running anything."""

from pathlib import Path

from mypy import api

HEAD = """
from iam.protocol.request import OAuthlibRequest
from iam.protocol.token_request import TokenRequest

def change(oauthlibs: OAuthlibRequest, asked: TokenRequest) -> object:
"""


def complaints(place: Path, line: str) -> str:
    """What mypy says of a line, as strict as it is everywhere."""
    written = place / "written.py"
    written.write_text(f"{HEAD}    {line}\n")
    said, unusable, _ = api.run(["--strict", "--config-file", "pyproject.toml", str(written)])
    assert not unusable
    return said


def test_a_line_that_names_what_is_there_is_right(tmp_path: Path) -> None:
    said = complaints(tmp_path, "oauthlibs.scopes = []; return (oauthlibs.client.scopes, asked.scopes)")

    assert said.startswith("Success")


def test_a_misspelt_attribute_of_a_request_is_refused(tmp_path: Path) -> None:
    said = complaints(tmp_path, "oauthlibs.scpoes = []; return (oauthlibs.clinet, asked.scpoes)")

    assert '"OAuthlibRequest" has no attribute "scpoes"' in said
    assert '"OAuthlibRequest" has no attribute "clinet"' in said
    assert '"TokenRequest" has no attribute "scpoes"' in said


def test_what_an_attribute_of_a_request_may_be_is_known(tmp_path: Path) -> None:
    said = complaints(tmp_path, "oauthlibs.scopes = 3; return asked.audience.first")

    assert "Incompatible types in assignment" in said
    assert 'has no attribute "first"' in said

"""What the types hold: a misspelt attribute of a request is found without running anything."""

import ast
from pathlib import Path

from mypy import api

HEAD = """
from iam.authorization.request import AuthorizationRequest
from iam.protocol.request import OAuthlibRequest
from iam.protocol.token_request import TokenRequest

def change(oauthlibs: OAuthlibRequest, authorization: AuthorizationRequest, token: TokenRequest) -> object:
"""


def complaints(place: Path, line: str) -> str:
    """What mypy says of a line, as strict as it is everywhere."""
    written = place / "written.py"
    written.write_text(f"{HEAD}    {line}\n")
    said, unusable, _ = api.run(["--strict", "--config-file", "pyproject.toml", str(written)])
    assert not unusable
    return said


def test_a_line_that_names_what_is_there_is_right(tmp_path: Path) -> None:
    said = complaints(tmp_path, "oauthlibs.scopes = []; return (oauthlibs.client.scopes, token.scopes)")

    assert said.startswith("Success")


def test_a_misspelt_attribute_of_a_request_is_refused(tmp_path: Path) -> None:
    said = complaints(tmp_path, "oauthlibs.scpoes = []; return (oauthlibs.clinet, authorization.scpoes, token.scpoes)")

    assert '"OAuthlibRequest" has no attribute "scpoes"' in said
    assert '"OAuthlibRequest" has no attribute "clinet"' in said
    assert '"AuthorizationRequest" has no attribute "scpoes"' in said
    assert '"TokenRequest" has no attribute "scpoes"' in said


def test_what_an_attribute_of_a_request_may_be_is_known(tmp_path: Path) -> None:
    said = complaints(tmp_path, "oauthlibs.scopes = 3; return token.audience.first")

    assert "Incompatible types in assignment" in said
    assert 'has no attribute "first"' in said


IAM = Path(__file__).parent.parent / "iam"
TYPED = ("administration", "authorization", "browser", "oauth", "openid", "pages", "protocol", "tokens")


def test_no_record_is_anything_to_who_decides_or_shows_it() -> None:
    """What is Any is checked by nobody, and so is whatever is made of it."""
    guilty = {
        str(path.relative_to(IAM))
        for room in TYPED
        for path in (IAM / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Name) and node.id == "Any") or (isinstance(node, ast.Attribute) and node.attr == "Any")
    }

    assert guilty == set()


def test_a_reactor_is_known_by_what_is_used_of_it(tmp_path: Path) -> None:
    anything = [path.name for path in IAM.rglob("*.py") if "reactor: Any" in path.read_text()]
    written = tmp_path / "written.py"
    written.write_text(
        "from iam.reactor import Timer\n\ndef late(timer: Timer) -> str:\n"
        '    timer.callLater("1", print).cancle()\n    return timer.seconds()\n'
    )

    said, *_ = api.run(["--strict", "--config-file", "pyproject.toml", str(written)])

    assert anything == []
    assert 'has incompatible type "str"; expected "float"' in said
    assert '"DelayedCall" has no attribute "cancle"' in said
    assert 'got "float", expected "str"' in said

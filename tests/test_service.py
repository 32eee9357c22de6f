"""Objects that are built once take what they need by position or by name, and do not change."""

from pathlib import Path

import pytest
from mypy import api

from iam.service import service


@service
class Greeter:
    """Something of a server."""

    greeting: str
    names: tuple[str, ...] = ("you",)

    def greet(self) -> str:
        return f"{self.greeting}, {' and '.join(self.names)}!"


def test_it_has_what_it_was_given_by_position_and_by_name() -> None:
    assert Greeter("Hello", names=("Ada",)).greet() == "Hello, Ada!"
    assert Greeter(greeting="Hello").greet() == "Hello, you!"


@pytest.mark.parametrize(
    ("given", "named"),
    [((), {}), (("Hello", (), "more"), {}), (("Hello",), {"nmaes": ()}), (("Hello",), {"greeting": "Hi"})],
    ids=["too little", "too much", "misspelt", "twice"],
)
def test_anything_else_is_refused(given: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Greeter(*given, **named)  # type: ignore[arg-type]


def test_it_does_not_change() -> None:
    greeter = Greeter("Hello")

    with pytest.raises(AttributeError):
        greeter.greeting = "Hi"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del greeter.greeting

    assert greeter.greet() == "Hello, you!"


def test_each_is_equal_to_itself_alone() -> None:
    one, other = Greeter("Hello"), Greeter("Hello")

    assert len({one, other, one}) == 2


def test_its_types_are_known(tmp_path: Path) -> None:
    written = tmp_path / "written.py"
    written.write_text(
        "from iam.service import service\n\n@service\nclass Greeter:\n    greeting: str\n\n"
        "Greeter(1)\nGreeter()\nGreeter('Hello').greeting = 'Hi'\n"
    )

    said, *_ = api.run(["--strict", "--config-file", "pyproject.toml", str(written)])

    assert 'has incompatible type "int"; expected "str"' in said
    assert 'Missing positional argument "greeting"' in said
    assert 'Property "greeting" defined in "Greeter" is read-only' in said

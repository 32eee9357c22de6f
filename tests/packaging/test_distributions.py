"""What is in the wheel and in the sdist."""

import tarfile
import zipfile
from pathlib import Path

from tests.packaging.conftest import Built


def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def in_sdist(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        return {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}


def below(tree: Path, directory: str, pattern: str = "*") -> set[str]:
    """The files of the tree below a directory."""
    return {str(path.relative_to(tree)) for path in (tree / directory).rglob(pattern) if path.is_file()}


def test_the_wheel_has_every_module_migration_and_template(built: Built, tree: Path) -> None:
    expected = below(tree, "iam") | {f"iam/{name}" for name in below(tree, "templates")}

    assert {name for name in in_wheel(built.wheel) if name.startswith("iam/")} == expected
    assert "iam/py.typed" in expected
    assert "iam/templates/static/iam.css" in expected
    assert "iam/store/migrations/0001_foundation.sql" in expected


def test_beside_the_package_the_wheel_has_only_the_plugin(built: Built) -> None:
    others = {name for name in in_wheel(built.wheel) if not name.startswith(("iam/", "iam-"))}

    assert others == {"twisted/plugins/iam_plugin.py"}


def test_the_wheel_bears_the_licence(built: Built) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in in_wheel(built.wheel))


def test_the_wheel_from_the_sdist_is_the_wheel_from_the_tree(built: Built) -> None:
    assert built.wheel.name == built.wheel_of_tree.name
    assert in_wheel(built.wheel) == in_wheel(built.wheel_of_tree)


def test_the_sdist_has_what_is_needed_to_build_and_no_tests(built: Built, tree: Path) -> None:
    names = in_sdist(built.sdist)

    assert below(tree, "iam") | below(tree, "templates") | {"twisted/plugins/iam_plugin.py"} <= names
    assert {"setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "CHANGELOG.md"} <= names
    assert not [name for name in names if name.startswith(("tests/", "bench/", ".venv/"))]
    assert not [name for name in names if "__pycache__" in name or name.endswith("dropin.cache")]

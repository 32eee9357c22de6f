"""The server key: nobody else's to read or to replace."""

from pathlib import Path

import pytest

from iam.secrets.master_key import ServerKeyError, read_or_make


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The file of a key that was made."""
    read_or_make(tmp_path)
    return tmp_path / "secret.key"


def test_a_key_is_made_for_its_owner_alone_and_stays_the_same(key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    assert read_or_make(key.parent).derive("x") == read_or_make(key.parent).derive("x")


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o660, 0o620])
def test_a_key_that_others_can_read_is_refused_with_the_command_that_closes_it(key: Path, mode: int) -> None:
    key.chmod(mode)

    with pytest.raises(ServerKeyError, match=f"chmod 600 {key}.*IAM_SECRET_KEY"):
        read_or_make(key.parent)


def test_a_key_that_others_can_replace_is_refused(key: Path) -> None:
    key.parent.chmod(0o777)

    with pytest.raises(ServerKeyError, match=f"chmod o-w {key.parent}"):
        read_or_make(key.parent)

    key.parent.chmod(0o1777)
    assert read_or_make(key.parent)


def test_a_key_of_the_environment_needs_no_mode(key: Path) -> None:
    key.chmod(0o644)

    assert read_or_make(key.parent, "x" * 32)

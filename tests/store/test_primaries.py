"""Of two servers the one on the higher timeline is the primary, and there is no way back."""

import pytest

from iam.database.errors import Unavailable
from iam.database.primaries import Instance, Succession, read

OLD = Instance("7", 1, 100, writes=True)
NEW = Instance("7", 2, 50, writes=True)
STANDBY = Instance("7", 0, 900, writes=False)


@pytest.fixture
def succession() -> Succession:
    return Succession()


def test_an_answer_is_read_with_its_timeline_in_hexadecimal_digits() -> None:
    assert read((1, "7", "0000001A", "50", True)) == Instance("7", 26, 50, writes=True)


def test_an_answer_that_tells_nothing_is_read_too() -> None:
    assert read((1, "", "", "", False)) == Instance("", 0, 0, writes=False)


def test_a_later_timeline_ranks_before_a_later_start_and_one_that_is_only_read_last() -> None:
    assert STANDBY.rank < OLD.rank < NEW.rank


def test_a_lower_timeline_is_refused_once_a_higher_one_was_seen(succession: Succession) -> None:
    assert not succession.note(OLD)
    assert succession.note(NEW)

    with pytest.raises(Unavailable, match="deposed"):
        succession.judge(OLD)
    succession.judge(NEW)


def test_a_standby_is_not_measured_by_its_timeline(succession: Succession) -> None:
    succession.note(NEW)

    succession.judge(Instance("7", 1, 1, writes=False))


def test_another_cluster_is_refused_even_if_it_is_only_read(succession: Succession) -> None:
    succession.note(OLD)

    with pytest.raises(Unavailable, match="this is another database"):
        succession.judge(Instance("8", 0, 1, writes=False))


def test_what_is_not_told_is_not_compared(succession: Succession) -> None:
    succession.note(Instance("", 0, 0, writes=True))
    succession.note(NEW)

    succession.judge(Instance("", 0, 0, writes=True))
    succession.judge(NEW)

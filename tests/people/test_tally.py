"""What was refused for its number is told by minute and network."""

from collections.abc import Mapping

from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from iam.throttles.tally import KNOWN, Tally, in_log


def test_a_minute_of_refusals_is_told_once() -> None:
    clock, told = Clock(), list[Mapping[tuple[str, str], int]]()
    tally = Tally(clock, told.append)

    for _ in range(1000):
        tally.add("login", "192.0.2.1")
    tally.add("secret", "192.0.2.2")
    clock.advance(59)
    assert told == []
    clock.advance(1)

    assert told == [{("login", "192.0.2.1"): 1000, ("secret", "192.0.2.2"): 1}]
    clock.advance(600)
    assert len(told) == 1


def test_many_networks_are_a_few_lines() -> None:
    with capturedLogs() as lines:
        in_log({("login", f"192.0.2.{number}"): number for number in range(1, 100)})

    assert len(lines) == 21
    assert (lines[0]["network"], lines[0]["count"]) == ("192.0.2.99", 99)
    assert (lines[-1]["networks"], lines[-1]["count"]) == (79, 79 * 80 // 2)


def test_however_many_networks_there_are_so_many_are_held() -> None:
    clock, told = Clock(), list[Mapping[tuple[str, str], int]]()
    tally = Tally(clock, told.append)

    for number in range(5 * KNOWN):
        tally.add("login", f"2001:db8:0:{number:x}::")
    clock.advance(60)

    assert len(told[0]) == KNOWN + 1
    assert sum(told[0].values()) == 5 * KNOWN

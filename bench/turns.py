"""Several servers measured in turns, so that what else the machine does falls on all of them."""

import statistics
import time
from collections.abc import Sequence

from attrs import asdict, frozen

from bench import figures
from bench.side import Side, Turn

CLIENTS = 1000
CONNECTIONS = 16
ROUNDS = 5
SECONDS = 2
COMPARED = ("per_second", "p50", "p99", "cpu", "postgres_cpu")


@frozen
class Medians:
    """Medians of each side by its name; and, of each side but the first, the medians of the first one's ratios to it."""

    figures: dict[str, dict[str, float]]
    ratios: dict[str, dict[str, float]]


def measure(sides: Sequence[Side], name: str, rounds: int = ROUNDS, seconds: int = SECONDS) -> Medians:
    """Load each side in each round, beginning with another one each time; the first round warms them up and does not count."""
    print(f"{name} ...", flush=True)
    before = [side.commits() for side in sides]
    warming = [side.turn(name, CONNECTIONS, 1) for side in sides]
    turns: list[list[Turn]] = [[] for _ in sides]
    for number in range(rounds):
        for n in range(len(sides)):
            place = (number + n) % len(sides)
            turns[place].append(sides[place].turn(name, CONNECTIONS, seconds))
    time.sleep(figures.SETTLE)
    medians = {}
    for side, mine, first, then in zip(sides, turns, warming, before, strict=True):
        requests = first.requests + sum(turn.requests for turn in mine)
        row = {key: statistics.median(asdict(turn)[key] for turn in mine) for key in asdict(first)}
        medians[side.name] = row | {"statements": (side.commits() - then) / requests}
    ratios = {side.name: compared(turns[0], theirs) for side, theirs in list(zip(sides, turns, strict=True))[1:]}
    return Medians(medians, ratios)


def compared(ours: Sequence[Turn], theirs: Sequence[Turn]) -> dict[str, float]:
    """The medians of the ratios, round by round."""
    pairs = [(asdict(mine), asdict(other)) for mine, other in zip(ours, theirs, strict=True)]
    return {
        key: statistics.median(mine[key] / (other[key] or mine[key] or 1) for mine, other in pairs) for key in COMPARED
    }

"""The Mann-Whitney test: whether two samples come from one distribution, whatever it is."""

from collections import Counter
from collections.abc import Sequence
from math import erfc, sqrt


def likelihood(first: Sequence[float], second: Sequence[float]) -> float:
    """How likely samples at least as different are if both come from one distribution (two-sided, by the normal approximation)."""
    every = sorted([*first, *second])
    places: dict[float, list[int]] = {}
    for place, value in enumerate(every, 1):
        places.setdefault(value, []).append(place)
    ranks = {value: sum(found) / len(found) for value, found in places.items()}
    here, there, both = len(first), len(second), len(every)
    statistic = sum(ranks[value] for value in first) - here * (here + 1) / 2
    ties = sum(count**3 - count for count in Counter(every).values()) / (both * (both - 1))
    deviation = sqrt(here * there / 12 * (both + 1 - ties))
    return erfc(abs(statistic - here * there / 2) / deviation / sqrt(2)) if deviation else 1.0

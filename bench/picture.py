"""Rates as bars, in SVG: readable on light and on dark."""

from collections.abc import Mapping
from html import escape

COLOURS = {"ours": "#2f7ed8", "before": "#8a94a3", "peer": "#c9803a"}
TITLES = {"ours": "iam", "before": "iam before", "peer": "oidc-provider"}
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.figure { font-size: 12px; fill: #57606a }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .figure { fill: #9ea7b3 } }
"""
LEFT, LONGEST, RIGHT = 140, 480, 80  # pixels
BAR, GAP, TOP = 16, 18, 56


def bars(rates: Mapping[str, Mapping[str, float]]) -> str:
    """Requests a second: a group of bars for each operation, one for each server."""
    most = max(rate for each in rates.values() for rate in each.values())
    lines, y = [], TOP
    for operation, each in rates.items():
        middle = y + len(each) * BAR / 2 + 4
        lines.append(f'<text x="{LEFT - 10}" y="{middle:.0f}" text-anchor="end">{escape(operation)}</text>')
        for side, rate in each.items():
            lines += bar(side, rate, most, y)
            y += BAR
        y += GAP
    names = list(next(iter(rates.values())))
    width, height = LEFT + LONGEST + RIGHT, y - GAP + 8
    told = "; ".join(
        f"{name}: " + ", ".join(f"{TITLES[s]} {r:,.0f}" for s, r in each.items()) for name, each in rates.items()
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
            f"<title>Requests per second</title><desc>{escape(told)}</desc><style>{STYLE}</style>",
            f'<text x="{LEFT}" y="16">Requests per second, one process</text>',
            *legend(names),
            *lines,
            "</svg>\n",
        ]
    )


def legend(names: list[str]) -> list[str]:
    """Which colour is whose."""
    lines = []
    for n, name in enumerate(names):
        x = LEFT + n * 120
        lines.append(f'<rect x="{x}" y="28" width="11" height="11" rx="2" fill="{COLOURS[name]}"/>')
        lines.append(f'<text class="figure" x="{x + 16}" y="38">{escape(TITLES[name])}</text>')
    return lines


def bar(side: str, rate: float, most: float, y: int) -> list[str]:
    """One bar with its figure behind it."""
    length = rate / most * LONGEST
    return [
        f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 3}" rx="2" fill="{COLOURS[side]}"/>',
        f'<text class="figure" x="{LEFT + length + 6:.1f}" y="{y + 11}">{rate:,.0f}</text>',
    ]

"""The colours of pages for an accent of the operator's: adjusted so that text stays legible, in light and in dark (WCAG 2.2)."""

from collections.abc import Iterable, Iterator
from typing import Final

from attrs import frozen

from iam.records.brand import Colour, written

LEGIBLE: Final = 4.5  # contrast of text (WCAG 2.2 §1.4.3)
DISTINCT: Final = 3.0  # contrast of an edge (§1.4.11)
STEP: Final = 0.02  # of the way to black or white
HOVER: Final = 0.18
DARKEST: Final = 0.04045  # up to which sRGB is linear (IEC 61966-2-1)
BLACK: Final = (0.0, 0.0, 0.0)
WHITE: Final = (1.0, 1.0, 1.0)


def parse(text: str) -> Colour:
    """Returns the colour that is written as #rrggbb."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red / 255, green / 255, blue / 255


@frozen
class Surface:
    """What pages look like without an accent, as in iam.css: their backgrounds, and the end to which text may move."""

    card: Colour
    backgrounds: tuple[Colour, ...]
    end: Colour
    tinge: float  # how much of the accent is in the tint


LIGHT: Final = Surface(WHITE, tuple(map(parse, ("#ffffff", "#f5f6f9", "#f1f3f7"))), BLACK, 0.08)
DARK: Final = Surface(parse("#191e27"), tuple(map(parse, ("#191e27", "#10131a", "#11151c"))), WHITE, 0.1)


def luminance(colour: Colour) -> float:
    """Returns the relative luminance, from 0 to 1 (WCAG 2.2, relative luminance)."""
    red, green, blue = (part / 12.92 if part <= DARKEST else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Returns the contrast ratio of two colours, from 1 to 21 (WCAG 2.2, contrast ratio)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mix(colour: Colour, end: Colour, part: float) -> Colour:
    """Returns the colour so far on its way to `end`, as it is when it is written."""
    red, green, blue = (here + (there - here) * part for here, there in zip(colour, end, strict=True))
    return parse(written((red, green, blue)))


def legible(colour: Colour, backgrounds: Iterable[Colour], end: Colour) -> Colour:
    """Returns the colour nearest to this one, on its way to `end`, in which text can be read on all backgrounds."""
    behind = tuple(backgrounds)
    steps = (mix(colour, end, number * STEP) for number in range(round(1 / STEP)))
    return next((step for step in steps if min(contrast(step, each) for each in behind) >= LEGIBLE), end)


def ink(colour: Colour) -> Colour:
    """Returns black or white, whichever is better to read on this colour: one of them always is legible."""
    return max((WHITE, BLACK), key=lambda each: contrast(colour, each))


def variables(accent: Colour, surface: Surface) -> Iterator[tuple[str, str]]:
    """Yields the custom properties of iam.css that follow from the accent, and their values.

    Buttons have the accent itself; links and marks have what of it can be read. A button that would not stand out from
    its card has an edge that does.
    """
    fill = mix(accent, accent, 0)
    tint = mix(surface.card, fill, surface.tinge)
    text = legible(fill, (*surface.backgrounds, tint), surface.end)
    ink_of_fill = ink(fill)
    away = BLACK if ink_of_fill == WHITE else WHITE
    yield "--accent", written(text)
    yield "--accent-strong", written(mix(text, surface.end, HOVER))
    yield "--accent-ink", written(ink(text))
    yield "--tint", written(tint)
    yield "--fill", written(fill)
    yield "--fill-strong", written(mix(fill, away, HOVER))
    yield "--fill-ink", written(ink_of_fill)
    yield "--fill-edge", written(fill if contrast(fill, surface.card) >= DISTINCT else text)


def style_sheet(accent: Colour) -> str:
    """Returns the style sheet that gives pages this accent, beside iam.css."""
    light, dark = (" ".join(f"{name}: {value};" for name, value in variables(accent, each)) for each in (LIGHT, DARK))
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"

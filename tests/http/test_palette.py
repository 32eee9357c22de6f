"""The colours that follow from an accent: whatever it is, text can be read on it and in it (WCAG 2.2 §1.4.3)."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.browser.palette import (
    DARK,
    DISTINCT,
    LEGIBLE,
    LIGHT,
    Surface,
    contrast,
    luminance,
    parse,
    style_sheet,
    variables,
)
from iam.browser.theme import BUNDLED
from iam.records.brand import written

COLOURS = st.tuples(*[st.integers(0, 255)] * 3).map(lambda parts: "#" + bytes(parts).hex())
UGLY = ("#ffe000", "#000000", "#ffffff", "#808080", "#00ff00", "#ff00ff", "#0000ff", "#191e27", "#f5f6f9")
CSS = (next(path for path in BUNDLED if path.is_dir()) / "static" / "iam.css").read_text()
PROPERTY = re.compile(r"(--[\w-]+): (#[0-9a-f]{3,6})")


def roots() -> list[dict[str, str]]:
    """The colours of iam.css, in light and in dark, written long."""
    return [
        {name: value if len(value) == 7 else "#" + "".join(2 * digit for digit in value[1:]) for name, value in found}
        for found in (PROPERTY.findall(part) for part in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL))
    ]


def held(accent: str, surface: Surface) -> dict[str, float]:
    """The contrasts of all that stands on something."""
    made = {name: parse(value) for name, value in variables(parse(accent), surface)}
    behind = (*surface.backgrounds, made["--tint"])
    return {
        "links": min(contrast(made["--accent"], each) for each in behind),
        "links under the pointer": min(contrast(made["--accent-strong"], each) for each in behind),
        "on the links' colour": contrast(made["--accent"], made["--accent-ink"]),
        "buttons": contrast(made["--fill"], made["--fill-ink"]),
        "buttons under the pointer": contrast(made["--fill-strong"], made["--fill-ink"]),
    }


@pytest.mark.parametrize("surface", [LIGHT, DARK], ids=["light", "dark"])
@given(accent=COLOURS)
def test_text_can_be_read_with_any_accent(surface: Surface, accent: str) -> None:
    assert [name for name, found in held(accent, surface).items() if found < LEGIBLE] == []


@pytest.mark.parametrize("surface", [LIGHT, DARK], ids=["light", "dark"])
@given(accent=COLOURS)
def test_a_button_stands_out_from_its_card(surface: Surface, accent: str) -> None:
    made = dict(variables(parse(accent), surface))

    assert contrast(parse(made["--fill-edge"]), surface.card) >= DISTINCT


@pytest.mark.parametrize("number", [0, 1], ids=["light", "dark"])
@given(accent=COLOURS)
def test_what_has_its_own_colour_can_be_read_on_the_tint(number: int, accent: str) -> None:
    surface, colours = (LIGHT, DARK)[number], roots()[number]
    tint = parse(dict(variables(parse(accent), surface))["--tint"])

    assert min(contrast(parse(colours[name]), tint) for name in ("--ink", "--soft")) >= LEGIBLE


@pytest.mark.parametrize("accent", UGLY)
def test_a_button_has_the_accent_itself(accent: str) -> None:
    assert [dict(variables(parse(accent), each))["--fill"] for each in (LIGHT, DARK)] == [accent, accent]


def test_an_accent_that_can_be_read_stays_as_it_is() -> None:
    assert dict(variables(parse("#2a55cf"), LIGHT))["--accent"] == "#2a55cf"
    assert dict(variables(parse("#8fb0ff"), DARK))["--accent"] == "#8fb0ff"


@pytest.mark.parametrize(("number", "surface"), [(0, LIGHT), (1, DARK)], ids=["light", "dark"])
def test_the_backgrounds_are_those_of_the_style_sheet(number: int, surface: Surface) -> None:
    colours = roots()[number]

    assert written(surface.card) == colours["--card"]
    assert [written(each) for each in surface.backgrounds] == [
        colours[f"--{name}"] for name in ("card", "paper", "code")
    ]


def test_contrast_is_that_of_wcag() -> None:
    grey = [parse(f"#{value}") for value in ("000000", "767676", "ffffff")]

    assert [round(contrast(one, other), 2) for one, other in pairwise(grey)] == [4.62, 4.54]
    assert contrast(grey[0], grey[2]) == pytest.approx(21)
    assert luminance(parse("#ff0000")) == pytest.approx(0.2126)


def test_the_style_sheet_sets_only_what_the_bundled_one_knows() -> None:
    sheet = style_sheet(parse("#ffe000"))

    set_here = set(re.findall(r"(--[\w-]+):", sheet))
    assert set_here <= set(re.findall(r"(--[\w-]+):", CSS))
    assert sheet.count("{") == sheet.count("}") == 3
    assert "prefers-color-scheme: dark" in sheet

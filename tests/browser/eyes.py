"""What is seen of a page on screens of three widths, in the light and in the dark: by axe (WCAG 2.2 AA), by keyboard, by weight."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import axe_playwright_python
from attrs import define, field
from playwright.sync_api import Browser, Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "preload": False,
}
LAYOUT = ["target-size", "scrollable-region-focusable"]  # the rules that ask how wide the screen is
COLOUR = ["color-contrast", "link-in-text-block"]  # those that ask for the colours: the same on both telephones
RUN = """rules => axe.run(document, rules).then(({ violations }) => violations.flatMap(
    ({ id, nodes }) => nodes.map(node => `${id}: ${node.html} ${node.failureSummary}`)))"""
COLOURS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (1280, 390, 320)
REQUESTS, BYTES = 5, 42_000  # of a page without a logo
MANY_BYTES = 64_000  # of a page of the administration: a list of fifty, a form of all that an application has
HEAD = 1_000  # bytes of the head of an answer, at most
TAKEN = {("light", 1280), ("dark", 1280), ("light", 320), ("dark", 390)}
PICTURES = os.environ.get("IAM_PICTURES")  # a directory, for who wants to look at the pages
CONTROLS = "a[href], button, input:not([type=hidden]):not([tabindex='-1']), textarea, select, pre, summary"

# The controls in the order of the page. A group of radio buttons is one stop; what is folded up or hidden is none.
STOPS = """controls => {
    const all = [...document.querySelectorAll("*")], seen = new Set();
    window.walked = [];
    addEventListener("focusin", ({ target }) => {
        const style = getComputedStyle(target);
        walked.push([all.indexOf(target), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2]);
    });
    document.activeElement.blur();
    return [...document.querySelectorAll(controls)].filter(control => {
        if (control.localName !== "summary" && control.closest("details:not([open])")) return false;
        if (control.closest("[hidden]")) return false;
        if (control.localName === "pre") return control.scrollWidth > control.clientWidth;
        if (control.type !== "radio") return true;
        const group = [...document.getElementsByName(control.name)];
        const first = group.find(each => each.checked) || group[0];
        return control === first && !seen.has(control.name) && seen.add(control.name);
    }).map(control => all.indexOf(control));
}"""
WEIGHT = f"""() => {{
    const answers = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    const sizes = new Map(answers.map(each => [each.name, each.encodedBodySize + {HEAD}]));
    return [sizes.size, [...sizes.values()].reduce((sum, size) => sum + size)];
}}"""


@define
class Eyes:
    """Looks at pages: the path of each by its name, and what is wrong with it."""

    seen: dict[str, str] = field(factory=dict)
    problems: list[str] = field(factory=list)
    _complaints: list[str] = field(factory=list)

    def page(self, browser: Browser, **options: Any) -> Page:
        """A page whose complaints are heard: a file that is not there, what the policy forbids, an error of a script."""
        page = browser.new_context(**options).new_page()
        page.on("console", lambda message: self._complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._complaints.append(str(error)))
        return page

    def look(self, page: Page, name: str) -> None:
        page.wait_for_load_state("load")  # and so with its style
        self.seen[name] = urlsplit(page.url).path
        self._note(name, (text for text in self._complaints if "status of 4" not in text))
        self._complaints.clear()
        self._note(name, weight(page))
        page.evaluate(AXE + ";0")
        for colour in COLOURS:
            page.emulate_media(color_scheme=colour)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                self._note(f"{name}, {colour}, {width} px", legible(page, colour, width))
                if PICTURES and (colour, width) in TAKEN:
                    where = re.sub(r"\W+", "-", name)
                    page.screenshot(path=f"{PICTURES}/{len(self.seen):03}-{where}-{colour}-{width}.png", full_page=True)
        self._note(name, walked(page))

    def _note(self, place: str, problems: Iterable[str]) -> None:
        self.problems.extend(f"{place}: {problem}" for problem in problems)


def legible(page: Page, colour: str, width: int) -> list[str]:
    """What axe finds, all of it once and then what may differ, and whether the page is wider than the screen."""
    rules = LAYOUT if width == WIDTHS[1] else [*LAYOUT, *COLOUR]
    first = (colour, width) == (COLOURS[0], WIDTHS[0])
    found: list[str] = page.evaluate(RUN, RULES if first else {**RULES, "runOnly": rules})
    wide = page.evaluate("document.documentElement.scrollWidth")
    return found if wide <= width else [*found, f"the page is {wide} px wide"]


def weight(page: Page) -> list[str]:
    """Whether the page, by itself, takes more than it may."""
    requests, size = page.evaluate(WEIGHT)
    most = MANY_BYTES if "/admin/" in page.url else BYTES
    return [f"{requests} requests, {size} bytes"] if requests > REQUESTS or size > most else []


def walked(page: Page) -> list[str]:
    """Whether the tab key reaches each control, in their order, and shows where it is."""
    stops: list[int] = page.evaluate(STOPS, CONTROLS)
    for _ in range(len(stops) + 4):  # some more lead over the end, where the browser has controls of its own
        page.keyboard.press("Tab")
    steps: list[tuple[int, bool]] = page.evaluate("walked")
    order = list(dict.fromkeys(stop for stop, _ in steps))
    first = stops.index(order[0]) if order and order[0] in stops else 0  # some pages put the focus into a field at once
    problems = [] if order == stops[first:] + stops[:first] else [f"the tab key reaches {order} of {stops}"]
    return problems + [f"the focus is invisible at {stop}" for stop, visible in steps if not visible]


def looked(eyes: Eyes, pages: dict[str, str]) -> None:
    """All these pages, in this order or another, and nothing is wrong with them."""
    assert eyes.problems == []
    assert sorted(eyes.seen) == sorted(pages)
    assert {name: path for name, path in eyes.seen.items() if not is_at(path, pages[name])} == {}


def is_at(path: str, route: str) -> bool:
    return re.fullmatch(re.sub("<[^>]+>", "[^/]+", route), path) is not None

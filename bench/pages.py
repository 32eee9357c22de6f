"""First paint of pages in Chromium on loopback, in turns with a revision before; see README.md."""

import argparse
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Browser, sync_playwright

from bench import cluster, ours, results
from bench.served import server
from tests.chromium import ARGUMENTS, installed

PAGES = ("/", "/login")
ROUNDS = 40
LIMIT = 1.3  # times the first paint of the revision before
HEAD = ("page", "now, ms", "before, ms", "ratio", "limit")
PAINT = """() => new Promise(seen => new PerformanceObserver(list => {
    const found = list.getEntriesByName("first-contentful-paint")[0];
    if (found) seen(found.startTime);
}).observe({type: "paint", buffered: true}))"""


def paint(browser: Browser, address: str) -> float:
    """Milliseconds from the beginning of the navigation to the first content, with nothing in the browser's caches."""
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(address)
        return float(page.evaluate(PAINT))
    finally:
        context.close()


def turns(urls: dict[str, str], rounds: int) -> Iterator[tuple[str, str, float]]:
    """Server, page and milliseconds of every look; who comes first changes with each round."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed(), args=ARGUMENTS)
        for number in range(-2, rounds):
            for name in list(urls)[:: -1 if number % 2 else 1]:
                for path in PAGES:
                    took = paint(browser, urls[name] + path)
                    if number >= 0:  # the first two warm the servers and the browser up
                        yield name, path, took
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", metavar="REV", required=True, help="the revision before")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each page is opened ({ROUNDS})")
    arguments = parser.parse_args()
    found: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        shared = stack.enter_context(cluster.running())
        urls = {}
        for name, path in (("now", ours.ROOT), ("before", stack.enter_context(ours.tree(arguments.against)))):
            side = server("--database", shared.database(name), environment=ours.environment(path))
            urls[name] = stack.enter_context(side)[0]
        for name, path, took in turns(urls, arguments.rounds):
            found.setdefault((name, path), []).append(took)
    medians = {key: statistics.median(values) for key, values in found.items()}
    rows = [
        (
            f"`{path}`",
            *(f"{medians[name, path]:.0f}" for name in urls),
            f"{medians['now', path] / medians['before', path]:.2f}",
            f"≤ {LIMIT}",
        )
        for path in PAGES
    ]
    about = (
        f"First contentful paint in Chromium with empty caches, medians of {arguments.rounds} rounds; `before` is "
        f"{results.revision(arguments.against)}."
    )
    results.keep(
        "pages", about, results.table(HEAD, rows), {f"{name} {path}": each for (name, path), each in found.items()}
    )


if __name__ == "__main__":
    main()

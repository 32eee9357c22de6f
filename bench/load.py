"""Load by wrk: requests a second and latencies of one operation."""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import frozen

SECONDS = 2

FIXED = """
wrk.method = {method}
wrk.body = {body}
"""

# Each request takes the next line of a file.
FROM_FILE = """
wrk.method = "POST"
local values, next_one = {{}}, 0
function init()
    for line in io.lines({file}) do values[#values + 1] = line end
end
function request()
    next_one = next_one + 1
    return wrk.format(nil, nil, nil, {before} .. (values[next_one] or "used-up"))
end
"""

# Each answer's refresh token is the next request's; a file holds the first ones.
FROM_ANSWERS = """
wrk.method = "POST"
local values, first, last = {{}}, 1, 0
function init()
    for line in io.lines({file}) do last = last + 1; values[last] = line end
end
function request()
    local value = values[first] or "used-up"
    values[first] = nil
    first = first + 1
    return wrk.format(nil, nil, nil, {before} .. value)
end
function response(status, headers, body)
    last = last + 1
    values[last] = string.match(body, '"refresh_token": "([^"]+)"') or "refused"
end
"""


@frozen
class Operation:
    """One kind of request: where it goes, and wrk's script for it."""

    name: str
    path: str
    headers: Mapping[str, str]
    method: str = "POST"
    body: str = ""
    fresh: str = ""  # "" for a fixed request, else FROM_FILE or FROM_ANSWERS: what follows `body` is new each time

    def script(self, directory: Path, values: Iterable[str]) -> Path:
        """Write the script, and the file of values that it reads."""
        file = directory / f"{self.name}.txt"
        file.write_text("\n".join(values))
        template = self.fresh or FIXED
        text = template.format(
            method=json.dumps(self.method),
            body=json.dumps(self.body),
            before=json.dumps(self.body),
            file=json.dumps(str(file)),
        )
        text += "".join(
            f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}\n" for name, value in self.headers.items()
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


def wrk(url: str, script: Path, connections: int, seconds: int = SECONDS) -> Rate:
    """Load `url` for some seconds; any answer but 2xx ends the run."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(f"{url}: {text}")
    return Rate(
        float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        milliseconds(re.search(r"50%\s+([\d.]+)(us|ms|s)", text)),
        milliseconds(re.search(r"99%\s+([\d.]+)(us|ms|s)", text)),
        int(re.search(r"(\d+) requests in", text)[1]),
    )


def milliseconds(match: re.Match[str]) -> float:
    return float(match[1]) * {"us": 0.001, "ms": 1, "s": 1000}[match[2]]

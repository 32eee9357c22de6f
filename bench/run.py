"""Rates of the server's operations as ratios to an empty Klein route, in one interleaved run; see README.md."""

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.harness import free_port

BIN = Path(sys.executable).parent
SECONDS = 3
ROUNDS = 3
GOALS = {"client_credentials": 0.65, "introspection": 0.80, "resource": 1.0}


def wait(url):
    for _ in range(400):
        try:
            with urlopen(url, timeout=5):
                return
        except OSError as error:
            if getattr(error, "code", 0):
                return
            time.sleep(0.05)
    raise SystemExit(f"nothing answers at {url}")


def script(directory, name, method, body, headers):
    path = Path(directory, name + ".lua")
    lines = [f'wrk.method = "{method}"', f"wrk.body = {json.dumps(body)}"]
    lines += [f"wrk.headers[{json.dumps(key)}] = {json.dumps(value)}" for key, value in headers.items()]
    path.write_text("\n".join(lines))
    return path


def wrk(url, path, connections):
    """Requests a second, and p50 and p99 in milliseconds."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-s", str(path), url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text:
        raise SystemExit(f"{url}: {text}")
    return (
        float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        milliseconds(re.search(r"50%\s+([\d.]+)(us|ms|s)", text)),
        milliseconds(re.search(r"99%\s+([\d.]+)(us|ms|s)", text)),
    )


def milliseconds(match):
    return float(match[1]) * {"us": 0.001, "ms": 1, "s": 1000}[match[2]]


def cpu_and_memory(pid):
    """CPU seconds used so far, and resident megabytes."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return (int(fields[11]) + int(fields[12])) / 100, pages * 4096 / 1e6


def main():
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as directory:
        Path(directory).chmod(0o755)
        port, empty_port, data_dir = free_port(), free_port(), directory + "/data"
        twist = [BIN / "twist", "iam", "--port", str(port), "--data-dir", data_dir, "--no-rate-limits"]
        server = subprocess.Popen(twist, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        url = f"http://localhost:{port}"
        wait(url + "/readyz")
        server.terminate()
        server.wait(30)
        began = time.monotonic()
        server = subprocess.Popen(twist, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(url + "/readyz")
        print(f"warm start with the embedded database: {time.monotonic() - began:.2f} s (goal 3)")
        empty = subprocess.Popen([sys.executable, Path(__file__).parent / "empty.py", str(empty_port)])
        try:
            wait(f"http://127.0.0.1:{empty_port}/")
            measure(directory, url, data_dir, f"http://127.0.0.1:{empty_port}/", server.pid)
        finally:
            empty.terminate()
            server.terminate()
            server.wait(30)


def measure(directory, url, data_dir, empty_url, pid):
    command = [BIN / "iam", "client", "create", "--name", "bench", "--json", "--data-dir", data_dir]
    client = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    credentials = f"{client['client_id']}:{client['client_secret']}"
    form = {
        "Authorization": "Basic " + b64encode(credentials.encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    grant = urlencode({"grant_type": "client_credentials"})
    with urlopen(Request(url + "/token", grant.encode(), form), timeout=10) as reply:
        token = json.load(reply)["access_token"]
    operations = {
        "client_credentials": ("/token", script(directory, "cc", "POST", grant, form)),
        "introspection": ("/introspect", script(directory, "in", "POST", urlencode({"token": token}), form)),
        "resource": ("/resource", script(directory, "re", "GET", "", {"Authorization": f"Bearer {token}"})),
    }
    post = script(directory, "post", "POST", grant, form)
    get = script(directory, "get", "GET", "", {})
    print(f"memory after the start: {cpu_and_memory(pid)[1]:.0f} MB (goal 75)")
    print("| operation | connections | per second | p50 ms | p99 ms | CPU ms | of the empty Klein route | goal |")
    print("|---|---|---|---|---|---|---|---|")
    for name, (path, lua) in operations.items():
        for connections in (1, 16, 64):
            ours, theirs, used = [], [], []
            for _ in range(ROUNDS):
                theirs.append(wrk(empty_url, get if name == "resource" else post, connections)[0])
                before = cpu_and_memory(pid)[0]
                ours.append(wrk(url + path, lua, connections))
                used.append((cpu_and_memory(pid)[0] - before) / (ours[-1][0] * SECONDS) * 1000)
            rate, p50, p99 = (statistics.median(column) for column in zip(*ours, strict=True))
            ratio = rate / statistics.median(theirs)
            goal = GOALS[name] if connections == 16 else ""
            cpu = statistics.median(used)
            print(
                f"| {name} | {connections} | {rate:.0f} | {p50:.2f} | {p99:.2f} | {cpu:.2f} | {ratio:.2f} | {goal} |",
                flush=True,
            )
    print(f"memory after the load: {cpu_and_memory(pid)[1]:.0f} MB (goal 95)")


if __name__ == "__main__":
    main()

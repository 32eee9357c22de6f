"""What an ID token costs: codes redeemed with one and without, in turns; see README.md."""

import statistics
import sys
import tempfile
from base64 import b64encode
from pathlib import Path

import psycopg2

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import figures, stock
from bench.load import load
from bench.ours import OPERATIONS
from bench.served import CODES, server
from bench.stock import REDIRECT_URI
from tests.processes import created

ROUNDS = 5
CONNECTIONS = 16
GOAL = 1.5  # times the cost of a code without ID token, in ES256
ALGORITHMS = ("ES256", "EdDSA", "RS256", "PS256")
PLAIN, IDENTIFIED = "read write", "openid read write"
REDEMPTION = OPERATIONS["code"]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        data_dir = str(directory / "data")
        with server("--data-dir", data_dir) as (url, process, _):
            connection = psycopg2.connect(stock.dsn_of(data_dir))
            connection.autocommit = True
            cursor = connection.cursor()
            client = created(
                *("--data-dir", data_dir, "--redirect-uri", REDIRECT_URI, "--scope", IDENTIFIED),
                *("--grant-type", "authorization_code"),
            )
            user = stock.person(cursor)

            credentials = f"{client['client_id']}:{client['client_secret']}"
            basic = "Basic " + b64encode(credentials.encode()).decode()

            def once(scope: str) -> tuple[float, float]:
                """CPU milliseconds of the server for a redemption, and redemptions a second."""
                rows = [(basic, code) for code in stock.codes(cursor, client["client_id"], user, CODES, scope)]
                before = figures.cpu(process.pid)
                rate = load(url, REDEMPTION, rows, CONNECTIONS, directory)
                return (figures.cpu(process.pid) - before) * 1000 / rate.requests, rate.per_second

            print("| ID token | CPU ms | of a code without | per second | of a code without | goal |")
            print("|---|---|---|---|---|---|")
            once(PLAIN)
            for alg in ALGORITHMS:
                cursor.execute(
                    "update clients set openid = jsonb_build_object('id_token_signed_response_alg', %s) where id = %s",
                    (alg, client["client_id"]),
                )
                pairs = [(once(PLAIN), once(IDENTIFIED)) for _ in range(ROUNDS)]
                plain, identified = (
                    list(map(statistics.median, zip(*side, strict=True))) for side in zip(*pairs, strict=True)
                )
                print(
                    f"| {alg} | {identified[0]:.2f} against {plain[0]:.2f} | {identified[0] / plain[0]:.2f} "
                    f"| {identified[1]:.0f} against {plain[1]:.0f} | {plain[1] / identified[1]:.2f} "
                    f"| {GOAL if alg == 'ES256' else ''} |",
                    flush=True,
                )
            connection.close()


if __name__ == "__main__":
    main()

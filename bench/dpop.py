"""What DPoP costs: client_credentials with a proof of ES256 and without, in turns; see README.md."""

import json
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import figures, ours
from bench.cluster import running
from bench.load import Operation, Order, load
from bench.served import server
from iam.secrets import minted

ROUNDS = 5
CONNECTIONS = 16
CLIENTS = 500
PROOFS = 16_000  # more than are sent in one round
GOAL = 0.4  # of the rate without
BEARER = ours.OPERATIONS["client_credentials"]
BOUND = Operation("bound", "/token", BEARER.body, order=Order.ONCE, header="DPoP")


class Prover:
    """A key, and proofs of it for the token endpoint."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._private = ec.generate_private_key(ec.SECP256R1())
        jwk = ECKey.import_key(self._private.public_key()).as_dict(private=False)
        self._header = encoded({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk})

    def proof(self, nonce: str) -> str:
        """A new proof."""
        jti, now = minted.identifier().hex, int(time.time())
        claims = {"jti": jti, "htm": "POST", "htu": self._url + "/token", "iat": now, "nonce": nonce}
        text = f"{self._header}.{encoded(claims)}"
        r, s = decode_dss_signature(self._private.sign(text.encode(), ec.ECDSA(SHA256())))
        return f"{text}.{minted.base64url(r.to_bytes(32) + s.to_bytes(32))}"


def encoded(members: dict[str, object]) -> str:
    return minted.base64url(json.dumps(members).encode())


def nonce_of(url: str, authorization: str, prover: Prover) -> str:
    """The nonce that the server gives to who has none."""
    headers = {"Authorization": authorization, "DPoP": prover.proof("")}
    try:
        urlopen(Request(url + "/token", BEARER.body.encode(), headers), timeout=10)
    except HTTPError as refusal:
        return str(refusal.headers["DPoP-Nonce"])
    raise SystemExit("the server wants no nonce")


def main() -> None:
    with (
        running() as cluster,
        tempfile.TemporaryDirectory(prefix="iam-bench-") as directory,
        server("--database", cluster.database("dpop"), environment=ours.environment(ours.ROOT)) as (url, process, _),
        closing(cluster.cursor("dpop")) as cursor,
    ):
        clients = ours.Stock(cursor, CLIENTS).clients
        provers = [Prover(url) for _ in clients]

        def once(operation: Operation) -> tuple[float, float]:
            """CPU microseconds of the server for a request, and requests a second."""
            rows = [(client.authorization, "") for client in clients]
            if operation is BOUND:
                nonce = nonce_of(url, clients[0].authorization, provers[0])
                several = [n % CLIENTS for n in range(PROOFS)]
                rows = [(clients[n].authorization, provers[n].proof(nonce)) for n in several]
            before = figures.cpu(process.pid)
            rate = load(url, operation, rows, CONNECTIONS, Path(directory))
            return (figures.cpu(process.pid) - before) * 1e6 / rate.requests, rate.per_second

        once(BEARER), once(BOUND)
        pairs = [(once(BEARER), once(BOUND)) for _ in range(ROUNDS)]
        bearer, bound = (list(map(statistics.median, zip(*side, strict=True))) for side in zip(*pairs, strict=True))
        print("| client_credentials | CPU us | per second | of the rate without | goal |")
        print("|---|---|---|---|---|")
        print(f"| Bearer | {bearer[0]:.0f} | {bearer[1]:,.0f} | | |")
        print(f"| DPoP, ES256 | {bound[0]:.0f} | {bound[1]:,.0f} | {bound[1] / bearer[1]:.2f} | {GOAL} |")


if __name__ == "__main__":
    main()

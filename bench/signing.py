"""What a signature costs the reactor, by algorithm, and whether a thread would take it off.

    python bench/signing.py

Ratios to ES256, each the median of rounds in turns; and whether other threads can work while one signs by RSA.
"""

import statistics
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from joserfc import jwt
from joserfc.jws import JWSRegistry

from iam.secrets.signing_keys import ALGORITHMS, Pair, made

ROUNDS, SIGNATURES = 15, 40
CLAIMS = {
    "iss": "https://id.example",
    "sub": "0" * 36,
    "aud": "1" * 32,
    "exp": 1,
    "iat": 1,
    "nonce": "n",
    "sid": "s" * 43,
}
REGISTRY = JWSRegistry(algorithms=list(ALGORITHMS))


def cost(alg: str, key: Pair) -> float:
    """The processor's microseconds for one ID token."""
    began = time.process_time()
    for _ in range(SIGNATURES):
        jwt.encode({"alg": alg, "typ": "JWT", "kid": "k"}, dict(CLAIMS), key, registry=REGISTRY)
    return (time.process_time() - began) / SIGNATURES * 1e6


def costs() -> Mapping[str, float]:
    """The median cost by algorithm; the rounds go in turns, so that what else the machine does meets all of them."""
    keys = {alg: made(alg) for alg in ALGORITHMS}
    rounds = [{alg: cost(alg, key) for alg, key in keys.items()} for _ in range(ROUNDS)]
    return {alg: statistics.median(each[alg] for each in rounds) for alg in ALGORITHMS}


def held(work: Callable[[], object], times: int = 30) -> float:
    """For how much of the work of a thread all other threads have to wait, at the median.

    With turns as long as a minute, the main thread goes on when the working one lets it: early in its work, or at the end.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(60)
    shares = [share(work) for _ in range(times)]
    sys.setswitchinterval(usual)
    return statistics.median(shares)


def share(work: Callable[[], object]) -> float:
    """For how much of the work the main thread waited once."""
    may, began, took = threading.Lock(), [0.0], [0.0]

    def once() -> None:
        with may:
            began[0], cpu = time.perf_counter(), time.thread_time()
            work()
            took[0] = time.thread_time() - cpu

    with may:
        thread = threading.Thread(target=once)
        thread.start()
        time.sleep(0.01)  # until it waits
    time.sleep(0)
    waited = time.perf_counter() - began[0] if began[0] else 0.0
    thread.join()
    return min(max(waited, 0.0) / took[0], 1.0)


def by_rsa() -> Callable[[], object]:
    """A signature."""
    key = rsa.generate_private_key(65537, 4096)
    return lambda: key.sign(b"text", padding.PKCS1v15(), hashes.SHA256())


def by_counting() -> None:
    """Work in Python, for which all others wait: to see that it would be noticed."""
    for _ in range(200_000):
        pass


def main() -> None:
    """Print the figures."""
    warnings.simplefilter("ignore")
    figures = costs()
    for alg, microseconds in figures.items():
        print(f"{alg:6} {microseconds:6.0f} µs  {microseconds / figures['ES256']:5.1f} times ES256")
    print(
        f"others wait for {held(by_rsa()):.0%} of a signature by RSA, and for {held(by_counting):.0%} of a loop in Python"
    )


if __name__ == "__main__":
    main()

"""How much anybody may ask of the HTTP server (H1-H6). A test may tighten the times."""

import resource

from attrs import evolve, frozen

DESCRIPTORS_PER_CONNECTION = 4


@frozen
class Limits:
    """Sizes in bytes, times in seconds."""

    body: int = 65_536
    request_line: int = 32_768  # an authorization request stands quoted in the address of the login
    head: int = 16_384  # what follows the request line
    headers: int = 64
    connections: int = 1_024
    connections_per_address: int | None = 128  # None: no limit
    head_time: float = 10.0  # all of these are total times, which no byte prolongs (H4)
    body_time: float = 15.0
    idle_time: float = 30.0
    write_time: float = 30.0
    handler_time: float = 20.0
    linger_time: float = 2.0
    farewell_time: float = 0.5  # at the end: for those who were about to ask on a connection they hold
    drain_time: float = 8.0
    sweep: float = 1.0


def within_descriptors(limits: Limits) -> Limits:
    """Let this process open as many files as it may, and allow no more connections than fit into a quarter of that (H6)."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard == resource.RLIM_INFINITY:
        return limits
    return evolve(limits, connections=min(limits.connections, hard // DESCRIPTORS_PER_CONNECTION))

"""How much anybody may ask of the HTTP server (H1-H6). A test may tighten the times."""

import resource

from attrs import frozen

DESCRIPTORS_PER_CONNECTION = 4


@frozen
class Limits:
    """Sizes in bytes, times in seconds."""

    body: int = 65_536
    request_line: int = 8_192
    head: int = 16_384
    headers: int = 64
    connections: int = 1_024
    connections_per_address: int | None = 128  # None: no limit
    head_time: float = 10.0  # all of these are total times, which no byte prolongs (H4)
    body_time: float = 15.0
    idle_time: float = 30.0
    write_time: float = 30.0
    handler_time: float = 20.0
    linger_time: float = 2.0
    sweep: float = 1.0


def raise_descriptor_limit(limits: Limits) -> bool:
    """Let this process open as many files as it may; False if that is too few for the connections allowed (H6)."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard >= DESCRIPTORS_PER_CONNECTION * limits.connections

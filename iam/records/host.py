"""Hosts, as addresses have them."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator

HOST: Final = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")


def check(host: str) -> str:
    """Returns the host; raises ValueError for what no address has as its host in lower case."""
    if not HOST.fullmatch(host):
        raise ValueError(f"is not a host in lower case, without port: {host[:64]!r}")
    return host


Host = Annotated[str, AfterValidator(check)]

"""Secrets that the server made: wrong ones are counted wherever they may be tried, right ones cost nothing and never wait (H14)."""

import ast
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from iam import credentials
from iam.credentials import Kind
from tests.assertions import GRANT, Signer, asserted, form, make
from tests.harness import App, Reply, Server
from tests.registering import METADATA, Registered, registered
from tests.standstill import *  # noqa: F403 - removed below

IAM = Path(__file__).parents[2] / "iam"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.1"
MOST = 5  # wrong secrets of a network

Try = Callable[["Known", Mapping[str, str]], Awaitable[Reply]]

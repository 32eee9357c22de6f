"""The commands of the page on conformance, typed as they are written."""

import re

from tests.docs.conftest import blocks
from tests.processes import Process
from tests.tutorial.conftest import Shell


def test_the_person_and_the_clients_are_made_as_the_page_says(running: Process, shell: Shell) -> None:
    (block,) = blocks("docs/reference/conformance.md")

    printed = shell.type(block.text)

    methods = re.findall(r'"token_endpoint_auth_method": "(\w+)"', printed)
    basic, post = "client_secret_basic", "client_secret_post"
    assert methods == [basic, basic, post, basic, basic]
    assert "buffy" in printed

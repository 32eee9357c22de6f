"""Apache with mod_auth_openidc: a relying party and a resource server that is none of ours."""

import html
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import field, frozen
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.authority import Authority, certificate
from tests.harness import free_port
from tests.processes import answers

PROGRAMS = ("apache2", "httpd")
MODULES = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/libexec/apache2")
NOBODY = "nobody"  # whom a server becomes that root starts
PATIENCE = 30  # seconds
LOADED = {
    "mpm_event": "mod_mpm_event.so",
    "authn_core": "mod_authn_core.so",
    "authz_core": "mod_authz_core.so",
    "authz_user": "mod_authz_user.so",
    "headers": "mod_headers.so",
    "include": "mod_include.so",
    "mime": "mod_mime.so",
    "unixd": "mod_unixd.so",
    "auth_openidc": "mod_auth_openidc.so",
}
FOR_TLS = {"socache_shmcb": "mod_socache_shmcb.so", "ssl": "mod_ssl.so"}
LOAD = """
<IfModule !{name}_module>
    LoadModule {name}_module "{path}"
</IfModule>
"""  # some systems have built some of them in
GENERAL = """
ServerRoot "{root}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile "{root}/pid"
DefaultRuntimeDir "{root}"
ErrorLog "{root}/error.log"
LogLevel warn
Mutex file:{root} default
TypesConfig /dev/null
DocumentRoot "{root}/pages"
StartServers 1
ServerLimit 1
ThreadsPerChild 8
MaxRequestWorkers 8
<Directory "{root}/pages">
    Options +Includes
    AddType text/html .shtml
    AddOutputFilter INCLUDES .shtml
</Directory>
"""
TLS = """
SSLEngine on
SSLCertificateFile "{root}/server.pem"
"""
SEEN = "<!--#printenv -->"  # what a page that Apache protects knows of who asks for it
PAGE = "/protected/who.shtml"
OPEN = "/open.shtml"


@frozen
class Apache:
    """One server of a test: where it will be, before it is started, so that clients can be registered for it."""

    root: Path
    port: int = field(factory=free_port)
    authority: Authority | None = None  # whose certificate it has, if it speaks TLS

    @property
    def url(self) -> str:
        return f"{'https' if self.authority else 'http'}://127.0.0.1:{self.port}"

    @property
    def trusted(self) -> str:
        """The file with what vouches for it."""
        return str(self.root / "authority.pem")

    @property
    def redirect_uri(self) -> str:
        """Where mod_auth_openidc takes answers, logouts and its own questions."""
        return self.url + "/protected/redirect_uri"

    @contextmanager
    def running(self, directives: str) -> Iterator[None]:
        """Answers, with these directives, as long as the test wants."""
        self._write(directives)
        with subprocess.Popen(
            [program(), "-f", str(self.root / "httpd.conf"), "-D", "FOREGROUND"],
            stdin=subprocess.DEVNULL,
            **unprivileged(),
        ) as httpd:
            try:
                self._await(httpd)
                yield
            finally:
                httpd.terminate()
                sys.stderr.write(self.log())  # pytest shows it when the test fails

    def log(self) -> str:
        """What it had to say."""
        file = self.root / "error.log"
        return file.read_text() if file.exists() else ""

    def _write(self, directives: str) -> None:
        for address in (OPEN, PAGE):
            page = self.root / "pages" / address.removeprefix("/")
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(SEEN)
        loads = loading(LOADED)
        if self.authority:
            loads, directives = loads + loading(FOR_TLS), directives + self._encrypted(self.authority)
        general = GENERAL.format(root=self.root, port=self.port)
        (self.root / "httpd.conf").write_text(loads + general + directives)
        if os.geteuid() == 0:
            for path in (self.root, *self.root.rglob("*")):
                shutil.chown(path, NOBODY)

    def _encrypted(self, authority: Authority) -> str:
        key, made = certificate("127.0.0.1", authority.pair)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.root / "server.pem").write_bytes(private + made.public_bytes(Encoding.PEM))
        Path(self.trusted).write_bytes(authority.pair[1].public_bytes(Encoding.PEM))
        return TLS.format(root=self.root)

    def _await(self, httpd: "subprocess.Popen[bytes]") -> None:
        end = time.monotonic() + PATIENCE
        while not self._answers():
            assert httpd.poll() is None, "Apache has ended"
            assert time.monotonic() < end, "Apache does not answer"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except ConnectionRefusedError:
            return False
        return bool(self.authority) or answers(self.url, OPEN)


@contextmanager
def somewhere(authority: Authority | None = None) -> Iterator[Apache]:
    """A place for one; pytest's own directories are closed to others than their owner."""
    with tempfile.TemporaryDirectory(prefix="iam-apache-") as root:
        yield Apache(Path(root), authority=authority)


def unprivileged() -> dict[str, Any]:
    """As whom it runs: nobody, where the tests run as root."""
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": pwd.getpwnam(NOBODY).pw_gid, "extra_groups": ()}


def program() -> str:
    """Where Apache is."""
    found = next(
        (path for name in PROGRAMS if (path := shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin"))), None
    )
    assert found, "Apache is not installed: run tests/system.sh"
    return found


def loading(files: Mapping[str, str]) -> str:
    """What loads these modules."""
    return "".join(LOAD.format(name=name, path=f"{modules()}/{file}") for name, file in files.items())


def modules() -> str:
    """Where its modules are."""
    found = next((path for path in MODULES if (Path(path) / LOADED["auth_openidc"]).exists()), None)
    assert found, "mod_auth_openidc is not installed: run tests/system.sh"
    return found


def seen(page: str) -> dict[str, str]:
    """The variables that the protected page printed."""
    return {name: html.unescape(value) for name, value in re.findall(r"^(\w+)=(.*)$", page, re.MULTILINE)}

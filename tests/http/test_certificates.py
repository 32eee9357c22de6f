"""The forms in which proxies pass on a certificate."""

from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest

from iam.http.certificates import CertificateError, read
from tests.certificates import Shown

SHOWN = Shown()
BASE64 = b64encode(SHOWN.der)
FORMS: dict[str, bytes] = {
    "a byte sequence (RFC 9440)": b":" + BASE64 + b":",
    "PEM, percent-encoded (nginx)": quote(SHOWN.pem).encode(),
    "PEM, percent-encoded but for + / = (load balancers)": quote(SHOWN.pem, safe="+/=").encode(),
    "PEM with blanks in place of line breaks (Apache)": SHOWN.pem.replace(b"\n", b" "),
    "base64 of DER (HAProxy)": BASE64,
    "base64 of DER, percent-encoded (Traefik)": quote(BASE64).encode(),
}
WRONG: dict[str, Callable[[], bytes]] = {
    "two in PEM": lambda: quote(SHOWN.pem + Shown().pem).encode(),
    "two byte sequences": lambda: b":" + BASE64 + b":, :" + BASE64 + b":",
    "a byte sequence that does not end": lambda: b":" + BASE64,
    "something behind it": lambda: b":" + b64encode(SHOWN.der + b"x") + b":",
    "half of it": lambda: b64encode(SHOWN.der[:200]),
    "text before it": lambda: quote(b"subject=x\n" + SHOWN.pem).encode(),
    "a key": lambda: quote(SHOWN.pem.replace(b"CERTIFICATE", b"PRIVATE KEY")).encode(),
    "base64 with blanks": lambda: BASE64[:40] + b" " + BASE64[40:],
    "base64url": lambda: b":" + BASE64.replace(b"+", b"-").replace(b"/", b"_").rstrip(b"=") + b"_:",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_certificate_is_read_in_each_form(form: str) -> None:
    found = read(FORMS[form])

    assert found is not None
    assert (found.der, found.chain, found.digest) == (SHOWN.der, (), SHOWN.digest)


@pytest.mark.parametrize("case", WRONG)
def test_h54_what_is_not_one_certificate_is_refused(case: str) -> None:
    with pytest.raises(CertificateError):
        read(WRONG[case]())


@pytest.mark.parametrize("value", [b"", b" "])
def test_nothing_is_no_certificate(value: bytes) -> None:
    assert read(value) is None

"""WebFinger (RFC 7033): finds the issuer for a person's address (OpenID Connect Discovery §2)."""

from typing import Final
from urllib.parse import urlsplit

from attrs import evolve

from iam.http.answers import Answer, json_answer
from iam.http.parameters import ParameterError, parse
from iam.http.request import Request
from iam.service import service

PATH: Final = "/.well-known/webfinger"
ISSUER: Final = "http://openid.net/specs/connect/1.0/issuer"
JRD: Final = ((b"Content-Type", b"application/jrd+json"),)
REPEATABLE: Final = frozenset({"rel"})  # RFC 7033 §4.3
MISSING: Final = "Say whose issuer you want to know: ?resource=acct:NAME@HOST, or an address at this host."
ELSEWHERE: Final = "This server answers for its own host only."


@service
class WebFinger:
    """Names this issuer for every address at its host.

    It looks nobody up, so that nobody can find out by it who has an account here.
    """

    issuer: str

    async def get(self, request: Request) -> Answer:
        """Returns the descriptor of the requested resource (RFC 7033 §4.4)."""
        try:
            asked = parse(request.query, repeatable=REPEATABLE)
        except ParameterError as error:
            return refused(400, str(error))
        resource = asked.get("resource")
        if resource is None:
            return refused(400, MISSING)
        if not self._ours(resource):
            return refused(404, ELSEWHERE)
        rels = asked.all("rel")
        links = [{"rel": ISSUER, "href": self.issuer}] if not rels or ISSUER in rels else []
        return evolve(json_answer(200, {"subject": resource, "links": links}), headers=JRD)

    def _ours(self, resource: str) -> bool:
        """Whether the resource is an account's address (RFC 7565) or a web address at our host."""
        where, ours = resource.lower(), urlsplit(self.issuer)
        if where.startswith("acct:"):
            name, _, host = where.removeprefix("acct:").rpartition("@")
            return bool(name) and host in (ours.hostname, ours.netloc)
        origin = f"{ours.scheme}://{ours.netloc}"
        return where == origin or where.startswith(origin + "/")


def refused(status: int, sentence: str) -> Answer:
    """Returns the error instead of a descriptor."""
    return json_answer(status, {"error": "invalid_request", "error_description": sentence})

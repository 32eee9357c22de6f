"""A person at a browser: keeps cookies, follows redirects, logs in and allows, until there is nothing left to do here."""

import re
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from attrs import define, field

from tests.harness import Reply, Server
from tests.pages.conftest import PASSWORD
from tests.pages.form import Form, Reader

STEPS = 20  # more would be going round in circles
LOGIN = "login"
CONSENT = "consent"


@define
class Browser:
    """What the person calls themselves, and what the browser keeps; `seen` are the questions that the person answered."""

    server: Server
    username: str
    cookies: dict[str, str] = field(factory=dict)
    seen: list[str] = field(factory=list)

    async def open(self, address: str) -> Reply:
        """The answer behind which there is nothing to do here: a page, or where another site is told something."""
        return await self._followed(await self._request("GET", address))

    async def _followed(self, reply: Reply) -> Reply:
        for _ in range(STEPS):
            answered = await self._step(reply)
            if answered is None:
                return reply
            reply = answered
        raise AssertionError(f"the browser goes round in circles: {self.seen}")

    async def post(self, address: str) -> Reply:
        """The same for a request whose parameters another site has put into a form."""
        path, _, query = address.partition("?")
        reply = await self._request("POST", path, data=query.encode(), origin="https://client.example")
        return await self._followed(reply)

    async def send(self, form: Form, **changes: str) -> Reply:
        """Fill a form in, send it, and go on from there."""
        return await self._followed(await self._request("POST", form.action, data=form.filled(changes)))

    async def _step(self, reply: Reply) -> Reply | None:
        """The answer to what the person does now, if there is something."""
        if reply.location:
            return await self._request("GET", reply.location) if self._here(reply.location) else None
        form = asking(reply)
        if form is None or not self._here(form.action):
            return None
        names = dict(form.fields)
        if "password" in names:
            self.seen.append(LOGIN)
            filled = form.filled({"login": self.username, "password": PASSWORD})
        elif 'value="allow"' in reply.text:
            self.seen.append(CONSENT)
            filled = form.filled({"decision": "allow"})
        else:
            return None
        return await self._request("POST", form.action, data=filled)

    async def _request(self, method: str, address: str, *, origin: str | None = None, data: Any = None) -> Reply:
        """As browsers do it: a form of another site comes without cookies, since ours are SameSite=Lax."""
        headers = {}
        if self.cookies and origin is None:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            headers["Origin"] = origin or self.server.settings.origin
        reply = await self.server.request(method, address, headers=headers, data=data)
        for header in reply.headers.getRawHeaders("set-cookie") or ():
            for name, morsel in SimpleCookie(header).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return reply

    def _here(self, address: str) -> bool:
        return address.startswith(("/", self.server.url + "/"))


def asking(reply: Reply) -> Form | None:
    """The form of a page that asks something; the way out at its head is none."""
    if reply.status != 200:
        return None
    reader = Reader()
    reader.feed(reply.text)
    return next((form for form in reader.forms if "/logout" not in form.action), None)


def answer(reply: Reply) -> dict[str, str]:
    """What another site is told: in the query of its address, or in the form that the page sends there."""
    if reply.location:
        return {name: values[0] for name, values in parse_qs(urlsplit(reply.location).query).items()}
    form = asking(reply)
    return dict(form.fields) if form else {}


def title(reply: Reply) -> str:
    """The title of a page."""
    found = re.search(r"<title>(.*?)</title>", reply.text, re.DOTALL)
    return found[1].strip() if found else ""

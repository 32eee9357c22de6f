"""Chromium's virtual authenticators (WebAuthn Level 3 §11)."""

from typing import Any

from attrs import frozen
from playwright.sync_api import CDPSession, Page

PLATFORM = {"transport": "internal", "hasUserVerification": True, "isUserVerified": True}
KEY = {"transport": "usb", "hasUserVerification": False, "isUserVerified": False, "hasResidentKey": False}
PLAIN = "PublicKeyCredential.getClientCapabilities = async () => ({});"  # a browser that makes no passkey by itself


@frozen
class Device:
    """A virtual authenticator in front of a page."""

    session: CDPSession
    id: str

    def credentials(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return told


def device(page: Page, kind: dict[str, Any], script: str = PLAIN) -> Device:
    page.add_init_script(script)
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable", {"enableUI": False})
    options = {"protocol": "ctap2", "hasResidentKey": True, "automaticPresenceSimulation": True, **kind}
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return Device(session, made["authenticatorId"])

"""Tells `twist` about `twist iam`."""

from twisted.application.service import ServiceMaker

iam = ServiceMaker("iam", "iam.server.plugin", "An OAuth 2.0 and OpenID Connect authorization server.", "iam")

"""The metadata that a self-registering client gets: what it asked for, as far as rules and policy allow."""

from typing import Any, Final

from attrs import evolve, frozen

from iam.clients import assertions, redirect_uris, sectors
from iam.clients.metadata import RegistrationRequest, metadata_error
from iam.clients.registrants import Registrant
from iam.clients.registration import Registration
from iam.clients.targets import Targets
from iam.clients.wishes import Wishes
from iam.oauth.reasons import shown
from iam.records.client import PUBLIC, Client
from iam.records.client_metadata import MEMBERS, Metadata
from iam.records.invalid import Invalid
from iam.records.member import Who

ADDRESSES: Final = tuple(each.attribute for each in MEMBERS if each.rule in ("redirect_uris", "addresses"))
OF_OTHERS: Final = tuple(each.attribute for each in MEMBERS if each.who_may_set in (Who.OWNER, Who.ADMINISTRATOR))


@frozen
class Candidates:
    """Judges the metadata that clients ask for."""

    registration: Registration
    targets: Targets

    async def judge(self, asked: RegistrationRequest, registrant: Registrant, old: Client | None = None) -> Metadata:
        """Returns the metadata that the client gets; raises MetadataError if they are refused.

        `old` is the client as it is registered now; None for a new one.
        """
        keeping = registrant.keeping(old) if old else registrant
        elsewhere = await self.targets.open_to_all()
        known = await self.registration.scopes.all()
        rules = self.registration
        settled = Wishes(registrant, keeping, known, rules.implicit, elsewhere, rules.auth_methods).settle(asked)
        wanted = self._wanted(asked, settled, old)
        try:
            metadata = await self.registration.judge(
                wanted, before=old, registrant=registrant, scopeless=bool(elsewhere)
            )
            if old is not None:
                sectors.refuse_other_names(metadata, old)
        except Invalid as invalid:
            raise metadata_error(invalid.complaints) from None
        left_out = {**metadata.left_out, **other_type(asked, metadata)}
        # judged without permission for http: the client keeps such addresses but cannot add any
        http = old is not None and old.allow_http_redirects
        return evolve(metadata, left_out=dict(sorted(left_out.items())), allow_http_redirects=http)

    def _wanted(self, asked: RegistrationRequest, settled: Metadata, old: Client | None) -> Metadata:
        """Returns the metadata to judge: without redirect URIs that do not fit.

        Members that only an owner or an administrator may set stay as they are in `old`.
        """
        left_out = dict(settled.left_out)
        usable = {name: self._usable(name, settled, old, left_out) for name in ADDRESSES}
        kept = {name: getattr(old, name) for name in OF_OTHERS} if old else {}
        changed = {**kept, **usable, "allow_http_redirects": False, "left_out": left_out}
        alg = signing_alg(settled)
        name = asked.spoken.name(usable["redirect_uris"])
        return evolve(settled, **changed, name=name, token_endpoint_auth_signing_alg=alg)

    def _usable(self, member: str, settled: Metadata, old: Client | None, left_out: dict[str, str]) -> tuple[str, ...]:
        """Returns the URIs of this member that such a client may have, and records the others in `left_out`.

        The answer to the client lists what is registered (RFC 7591 §3.2.1).
        """
        uris, method = getattr(settled, member), settled.auth_method
        told: dict[str, Any] = {"confidential": method != PUBLIC, "rules": self.registration.rules(old, method)}
        kept = redirect_uris.usable(uris, **told)
        missing = [uri for uri in uris if uri not in kept]
        if missing:
            left_out[member] = shown(f"{', '.join(missing)}: {redirect_uris.complaint(missing[0], **told)}")
        return kept


def other_type(asked: RegistrationRequest, metadata: Metadata) -> dict[str, str]:
    """Returns an entry for `left_out` if the application type differs from the one that the client sent."""
    if "application_type" not in asked.said or asked.metadata.application_type == metadata.application_type:
        return {}
    return {"application_type": f"What fits the redirect URIs is: {metadata.application_type}."}


def signing_alg(metadata: Metadata) -> str | None:
    """Returns the algorithm that the client signs its assertions with; None if it does not authenticate by a JWT.

    The member says nothing about other clients (OpenID Connect Registration §2).
    """
    return metadata.token_endpoint_auth_signing_alg if metadata.auth_method in assertions.ALGORITHMS else None

"""What a client that registers itself would be: by the rules and the policy, with what of its wishes can be."""

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
    """Judges what clients ask for."""

    registration: Registration
    targets: Targets

    async def judge(self, asked: RegistrationRequest, registrant: Registrant, old: Client | None = None) -> Metadata:
        """What the client would be, `old` being what it is; raises MetadataError."""
        keeping = registrant.keeping(old) if old else registrant
        elsewhere = await self.targets.open_to_all()
        known = await self.registration.scopes.all()
        settled = Wishes(registrant, keeping, known, self.registration.implicit, elsewhere).settle(asked)
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
        # judged without http: the client keeps such addresses, and adds none
        http = old is not None and old.allow_http_redirects
        return evolve(metadata, left_out=dict(sorted(left_out.items())), allow_http_redirects=http)

    def _wanted(self, asked: RegistrationRequest, settled: Metadata, old: Client | None) -> Metadata:
        """The metadata that are judged: with what others said of the client, and without addresses that do not fit."""
        left_out = dict(settled.left_out)
        usable = {name: self._usable(name, settled, old, left_out) for name in ADDRESSES}
        kept = {name: getattr(old, name) for name in OF_OTHERS} if old else {}
        changed = {**kept, **usable, "allow_http_redirects": False, "left_out": left_out}
        alg = signing_alg(settled)
        name = asked.spoken.name(usable["redirect_uris"])
        return evolve(settled, **changed, name=name, token_endpoint_auth_signing_alg=alg)

    def _usable(self, member: str, settled: Metadata, old: Client | None, left_out: dict[str, str]) -> tuple[str, ...]:
        """The addresses without those that such a client may not have (RFC 7591 §3.2.1: the answer says which it has)."""
        uris, method = getattr(settled, member), settled.auth_method
        told: dict[str, Any] = {"confidential": method != PUBLIC, "rules": self.registration.rules(old, method)}
        kept = redirect_uris.usable(uris, **told)
        missing = [uri for uri in uris if uri not in kept]
        if missing:
            left_out[member] = shown(f"{', '.join(missing)}: {redirect_uris.complaint(missing[0], **told)}")
        return kept


def other_type(asked: RegistrationRequest, metadata: Metadata) -> dict[str, str]:
    """That the application type is another than the client said, if it is."""
    if "application_type" not in asked.said or asked.metadata.application_type == metadata.application_type:
        return {}
    return {"application_type": f"What fits the redirect URIs is: {metadata.application_type}."}


def signing_alg(metadata: Metadata) -> str | None:
    """What the client proves itself with, if it signs for that; of other clients it says nothing (OpenID Connect Registration §2)."""
    return metadata.token_endpoint_auth_signing_alg if metadata.auth_method in assertions.ALGORITHMS else None

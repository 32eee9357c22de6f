"""What devices without a browser ask for and people decide (RFC 8628), and what all requests are judged by that people decide."""

from functools import cached_property

from attrs import frozen

from iam.administration.actions import reach
from iam.authorization.admission import Admission
from iam.authorization.assurance import Assurances
from iam.authorization.consent import Consent
from iam.authorization.person import Authentication
from iam.browser.interactions import PURPOSE as INTERACTIONS
from iam.browser.interactions import Interactions
from iam.endpoints.device_authorization import DeviceAuthorizationEndpoint
from iam.endpoints.device_codes import DevicePage
from iam.endpoints.device_consent import DeviceConsent
from iam.endpoints.judgement import Judgement
from iam.server.account_parts import AccountParts


@frozen(slots=False)
class DeviceParts(AccountParts):
    """The endpoint and the pages of devices."""

    @cached_property
    def interactions(self) -> Interactions:
        """The marks of what people have just done for a request."""
        return Interactions(self.key.derive(INTERACTIONS), self.clock)

    @cached_property
    def consent(self) -> Consent:
        """What people have allowed, and are asked."""
        return Consent(self.store.consents, self.store.scopes)

    @cached_property
    def judgement(self) -> Judgement:
        """What a request is judged by before a person is asked about it."""
        return Judgement(
            Authentication(self.subjects, self.clock),
            self.interactions,
            Assurances(self.store.scopes, self.factors),
            Admission(self.store.restrictions, self.store.scopes, self.store.roles, reach.within),
        )

    @cached_property
    def device_authorization(self) -> DeviceAuthorizationEndpoint:
        """The endpoint `/device_authorization` (RFC 8628 §3.1)."""
        return DeviceAuthorizationEndpoint(self.server, self.explanations, self.throttle, self.settings.issuer)

    @cached_property
    def device(self) -> DevicePage:
        """The page `/device`, at which people type the code of a device (RFC 8628 §3.3)."""
        return DevicePage(self.server.devices.user_codes, self.visitors, self.theme)

    @cached_property
    def device_consent(self) -> DeviceConsent:
        """The page behind it, which asks whether to allow what the device asks for."""
        return DeviceConsent(self.server, self.judgement, self.consent, self.visitors, self.theme, self.explanations)

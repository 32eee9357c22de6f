"""The parts by which people prove who they are besides their password, each built once, when it is first needed."""

from functools import cached_property

from attrs import frozen

from iam.people.factors.attempts import FactorAttempts
from iam.people.factors.browsers import RememberedBrowsers
from iam.people.factors.factors import Factors
from iam.people.factors.passkeys import Passkeys, passkeys_of
from iam.people.factors.recovery_codes import RecoveryCodes
from iam.people.factors.totp import PURPOSE as TOTP_SECRETS
from iam.people.factors.totp import AuthenticatorApps
from iam.server.delivery_parts import DeliveryParts
from iam.server.parts import in_threads


@frozen(slots=False)
class FactorParts(DeliveryParts):
    """The factors of people, and the limits on wrong ones."""

    @cached_property
    def factor_attempts(self) -> FactorAttempts:
        """The limits on wrong codes."""
        return FactorAttempts(self.throttle, self.store.refused_counts, self.store.refused_logins)

    @cached_property
    def authenticator_apps(self) -> AuthenticatorApps:
        """People's authenticator apps."""
        attempts, key = self.factor_attempts, self.key.derive(TOTP_SECRETS)
        return AuthenticatorApps(self.store.totp_secrets, self.clock, attempts, key)

    @cached_property
    def recovery_codes(self) -> RecoveryCodes:
        """People's recovery codes."""
        return RecoveryCodes(self.store.recovery_codes, self.clock, self.factor_attempts)

    @cached_property
    def passkeys(self) -> Passkeys:
        """The passkeys of people."""
        return passkeys_of(self.settings, self.store.passkeys, self.key, self.clock, in_threads(self.reactor))

    @cached_property
    def factors(self) -> Factors:
        """What people may prove besides their password, the strongest first."""
        return Factors((self.passkeys, self.authenticator_apps, self.recovery_codes))

    @cached_property
    def remembered_browsers(self) -> RememberedBrowsers:
        """The browsers in which people are not asked for another factor."""
        return RememberedBrowsers(self.store.remembered_browsers, self.devices, self.clock)

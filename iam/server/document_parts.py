"""Where the clients that are documents are built."""

from iam.clients.candidates import Candidates
from iam.clients.document_policy import DocumentPolicy
from iam.clients.documents import Documents
from iam.clients.registrants import Registrants
from iam.clock import Clock
from iam.outbound.fetching import Fetcher
from iam.protocol.document_clients import DocumentClients
from iam.settings import Settings
from iam.store.store import Store
from iam.throttles.throttle import Throttle


def build_documents(
    settings: Settings, store: Store, candidates: Candidates, fetcher: Fetcher, throttle: Throttle, clock: Clock
) -> DocumentClients:
    """Returns the clients that are documents, as the settings have them."""
    documents = Documents(
        candidates,
        Registrants(settings),
        DocumentPolicy(settings.client_documents, frozenset(settings.client_document_host)),
        store.clients,
        store.client_documents,
        fetcher,
        throttle,
        clock,
        settings.limits.registered_clients,
    )
    return DocumentClients(documents)

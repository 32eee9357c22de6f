"""Which documents may be clients, by --client-documents and --client-document-host."""

from attrs import frozen

from iam.clients import document_identity

OPEN, LISTED, OFF = "open", "listed", "off"


@frozen
class DocumentPolicy:
    """Whose documents may be clients; `hosts` are those that are named."""

    mode: str
    hosts: frozenset[str]

    def complaint(self, client_id: str) -> str | None:
        """Returns why no client may have this URL as its id, or None."""
        if self.mode == OFF:
            return "Clients that are documents are not served here (--client-documents off)."
        sentence = document_identity.complaint(client_id)
        if sentence is None and self.mode == LISTED and not self.names(client_id):
            return "Documents of this host are not served here (--client-document-host)."
        return sentence

    def names(self, client_id: str) -> bool:
        """Checks that the host of the document is one that is named: its clients may act for themselves."""
        return document_identity.complaint(client_id) is None and document_identity.host_of(client_id) in self.hosts

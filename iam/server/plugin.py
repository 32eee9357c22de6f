"""What `twist` imports for `twist iam`: the options and the service, while nothing looks for garbage."""

from iam.server import collection

collection.postpone()  # before the imports below, which make most of what the start makes

from iam.server.service import Options, makeService  # noqa: E402

__all__ = ["Options", "makeService"]

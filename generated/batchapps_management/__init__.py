"""A client library for accessing Batch Apps management API"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client import AuthenticatedClient, Client
else:
    # What it needs takes long to read, and the models do without it.
    def __getattr__(name):
        if name != "client" and name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        client = import_module(".client", __name__)
        return client if name == "client" else getattr(client, name)

    def __dir__():
        return sorted({*globals(), *__all__, "client"})


__all__ = (
    "AuthenticatedClient",
    "Client",
)

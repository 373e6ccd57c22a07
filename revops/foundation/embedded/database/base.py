"""The database wrapper that starts the embedded server before the first connection."""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base
from psycopg import OperationalError

from revops.foundation.embedded.services import ensure_services


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL as Django knows it, except that asking for a connection is enough to have a server."""

    def get_connection_params(self) -> dict[str, Any]:
        ensure_services(settings.EMBEDDED, look=False)
        return super().get_connection_params()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except OperationalError:
            if not ensure_services(settings.EMBEDDED):
                raise
            return super().get_new_connection(conn_params)

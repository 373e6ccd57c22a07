"""PostgreSQL and Valkey that the portal runs by itself when nobody gives it an address."""

from revops.foundation.embedded.errors import ServiceError, ServicesInUse
from revops.foundation.embedded.services import ensure_services, services_status, stop_services

__all__ = ["ServiceError", "ServicesInUse", "ensure_services", "services_status", "stop_services"]

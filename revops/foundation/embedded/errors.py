"""What can go wrong with the embedded services, in words for the person at the terminal."""


class ServiceError(RuntimeError):
    """An embedded service cannot start or stop; the text says why and what to do."""


class ServicesInUse(ServiceError):
    """Another process of this portal still uses the services."""

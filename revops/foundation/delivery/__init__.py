"""How messages leave the house: one module per channel, each a `Carrier` that the outbox gives messages to."""

from revops.foundation.delivery.carriers import Carrier, DeliveryRefused, EndpointGone, NobodyListens, TryLater

__all__ = ["Carrier", "DeliveryRefused", "EndpointGone", "NobodyListens", "TryLater"]

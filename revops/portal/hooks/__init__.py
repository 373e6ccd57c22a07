"""Inbound webhooks: their public address, the taking of what was posted, and the pages where marketing maps it."""

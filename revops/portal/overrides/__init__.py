"""Exceptions from a derived tier: granted with a reason and an end, followed by routing while they last, all listed."""

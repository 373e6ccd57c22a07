"""The demo company: a year of a B2B software vendor, made by running the real journey under simulated time."""

"""The gate on its pages: the hygiene rules, what they hit, how often they were wrong, and a box to try them."""

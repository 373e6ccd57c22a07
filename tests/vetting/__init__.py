"""Lists judged without importing them."""

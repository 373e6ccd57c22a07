"""The REST API: one module per noun, each of small views that call a service and answer."""

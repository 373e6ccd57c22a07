"""Django's PostgreSQL backend for the embedded server, which it starts when a connection is really needed."""

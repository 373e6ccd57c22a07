"""How I am told: every kind of event on every channel, quiet hours, my chat, and the end of digests by one click."""

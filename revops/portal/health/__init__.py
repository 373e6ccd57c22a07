"""How the portal itself is doing: checks, queues, and whether every submission is accounted for."""

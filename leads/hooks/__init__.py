"""Inbound webhooks, the rules: who may have sent a body, what it holds, and which submissions it stands for. Pure."""

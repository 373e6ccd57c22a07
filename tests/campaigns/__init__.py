"""Campaigns, content assets, spend, and exceptions for purchased lists."""

"""Hosted lead forms: the public page that needs no script, and the pages where marketing makes them."""

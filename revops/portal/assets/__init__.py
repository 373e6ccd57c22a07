"""Content assets: whom each is for, and whom it really attracts."""

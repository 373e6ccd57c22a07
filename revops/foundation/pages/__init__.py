"""What every page shares: navigation by role, the template context, the charts and the living design page."""

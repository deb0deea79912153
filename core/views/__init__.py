"""Views that belong to no other app: home page, error pages, health check."""

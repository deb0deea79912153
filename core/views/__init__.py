"""Pages that belong to no app: home page, error pages, health check."""

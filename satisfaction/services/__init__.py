"""All writes to complaints."""

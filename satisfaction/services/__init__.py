"""Every write to complaints."""

"""REST API of complaints."""

"""What people send about complaints."""

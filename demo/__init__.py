"""The demonstration company: invented people, customers, bills and complaints."""

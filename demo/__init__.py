"""The demonstration company: invented users, customers, transactions and complaints."""

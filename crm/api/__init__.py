"""REST API of customers and transactions."""

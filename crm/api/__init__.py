"""REST API of customers, transactions and reference lists."""

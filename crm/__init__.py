"""The customer's file: customers, their transactions, and how both get in."""

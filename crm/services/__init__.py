"""Every write to the customer's file."""

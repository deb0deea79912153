"""REST API of units, users, the user's own account, and the API schema."""

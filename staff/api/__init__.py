"""REST API of the user's own account, and of the API schema."""

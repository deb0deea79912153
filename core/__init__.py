"""What every page, list, API resource, admin page and record shares; knows no business noun."""

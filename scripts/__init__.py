"""Programs for those who build and install the product; the product itself never imports them."""

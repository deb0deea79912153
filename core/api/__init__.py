"""What all REST resources share."""

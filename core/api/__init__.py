"""What every REST resource shares."""

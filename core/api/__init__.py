"""What all REST resources share; ``settings.REST_FRAMEWORK`` names most of it as defaults."""

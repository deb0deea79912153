"""Other systems: clients generated from the schema work with the running API."""

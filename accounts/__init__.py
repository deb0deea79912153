"""Staff: who works here, where they stand in the organisation, and what they may see and do."""

"""Reads that span models. The person who asks comes first."""

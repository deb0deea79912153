"""Turning what people type into values: amounts and dates, in Chinese and international writing."""

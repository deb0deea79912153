"""Worth and risk: the nightly scoring of every customer."""

"""Starts a worker inside limits, speaks with it, ends it, and says why it ended."""

"""Runs a submission inside the sandbox. Untrusted, and knows nothing worth hiding."""

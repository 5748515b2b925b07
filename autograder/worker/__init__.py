"""Runs answers inside the sandbox. A worker is untrusted, and knows nothing worth hiding."""

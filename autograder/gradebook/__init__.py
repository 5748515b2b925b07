"""Reads and keeps the gradebook: who is in it, where a class stands, what is done, exports."""

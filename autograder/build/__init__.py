"""Makes notebooks, editions of the library and releases from their one source."""

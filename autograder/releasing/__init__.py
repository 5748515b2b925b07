"""Makes releases, and checks that a release works and reveals no solutions or hidden tests."""

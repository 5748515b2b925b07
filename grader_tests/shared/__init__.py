"""What the tests of several exercises share, and the public and hidden tests of one."""

"""Damages correct notebooks in combined ways, and holds the kit to what it then must do."""

"""What the documents say: rules as data, with clause, strength and reading. Knows no geometry."""

"""Column generation with exact pricing, for objectives with borders, names and earlier stages."""

"""Service areas of fixed seats: one compact model, its separators, and prices from connected areas."""

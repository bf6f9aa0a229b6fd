"""The ground: layers that were read, cleaned, cut into atoms, joined and measured. Knows no policy."""

"""Why no plan exists: prechecks, an irreducible conflict, and how far each demand must give."""

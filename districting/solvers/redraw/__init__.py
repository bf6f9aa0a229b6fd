"""`redraw`: the best communities from scratch, as if none stood today."""

"""The integer programs: the one door to PuLP."""

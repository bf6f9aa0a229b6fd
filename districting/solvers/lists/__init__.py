"""Proof by lists: every connected district within the gap, priced, shortened and chosen from."""

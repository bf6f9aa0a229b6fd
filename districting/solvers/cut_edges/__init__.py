"""The fewest cut edges, proved by dividing the ground."""

"""Simulated annealing that remembers every legal region it walks through: plans, and a pool of columns."""

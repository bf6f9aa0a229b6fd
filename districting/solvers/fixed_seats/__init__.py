"""Fixed seats with capacities."""

"""Models over regions of a bare ground: assignment, labels, set partitioning."""

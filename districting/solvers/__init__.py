"""How a problem is solved: three modes, each with a lower bound. Never judges a plan."""

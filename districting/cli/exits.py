"""Exit codes, as the README states them."""

from __future__ import annotations

FINE = 0
RULE_BROKEN = 1
BAD_INPUT = 2
NO_PLAN = 3
PROPOSALS = 10
INTERRUPTED = 130

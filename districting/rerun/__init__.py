"""What changed, what it can affect, yesterday's plan on today's atoms; who is told; one run per case."""

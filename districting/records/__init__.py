"""What is kept of a case beside its file: reviews, runs, adopted plans."""

"""What a verdict means for people: diagnosis of today, the proposal step by step, the comparison."""

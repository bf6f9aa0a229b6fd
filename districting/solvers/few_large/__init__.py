"""Few large districts in a narrow window: branch on where the seats stand."""

"""`adjust`: today's communities live on at their seats or not at all."""

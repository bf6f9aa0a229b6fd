"""The review server: the compare page live, with comments, votes and edits by hand that the checks judge."""

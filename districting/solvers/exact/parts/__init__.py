"""The compact model of parts rooted at seats, its cuts, and how each rule is asked."""

"""What the verbs of `districting.study.Study` are made of, from what a case has at hand to what is handed over."""

"""What is asked and what is answered: problem, plan, measures, and the only judge, the checks."""

"""`whole`: communities are joined as wholes or split by themselves."""

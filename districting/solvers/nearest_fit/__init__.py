"""The division nearest to the size bounds where none fits: dead ends, small problems exactly, least widening."""

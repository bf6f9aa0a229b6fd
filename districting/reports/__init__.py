"""What is handed over: maps, pages, tables and GIS files. Computes no measure."""

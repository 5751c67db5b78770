"""Everything at once, and everything killed: at the end each document is what it was last acknowledged to be."""

"""Catalogue files: what was sent, how it is read row by row, and what each row says of a product.

source      what was sent (`Source`), and how it is read (`Layout`, which the first commit of an intake fixes)
reading     open a source, whatever its format, at the row where an earlier reading left off
columns     which of the file's columns is which of ours
products    one row as a product, or the row error that it is
"""

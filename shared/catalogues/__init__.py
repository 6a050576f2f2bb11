"""Catalogue files: what was sent, how it is read row by row, and what each row says of a product.

source           what was sent (`Source`), and how it is read (`Layout`, which the first commit of an intake fixes)
reading          open a source, whatever its format, at the row where an earlier reading left off
rows             what a reader gives: rows with their numbers, within limits, from a position on
formats          what a file's first bytes say it is
kinds            what a file's name or media type says it is
columns          which of the file's columns is which of ours

text_table       a text: its encoding, its delimiter, its rows
  streams        bytes that are read on and on
  packing        gzip
  encodings      in which encoding a text is, and the text in UTF-8
  lines          lines of bounded length
  dialect        which character separates cells
  delimited      rows of CSV and TSV
  ndjson         rows of NDJSON
parquet_table    rows of Parquet
workbook         an XLSX is turned into a CSV, by a process of its own (`workbook_rows`)
archive          a ZIP with a table and photos, once `archive_checks` lets it pass

products         one row as a product, or the row error that it is
  cells          one cell as a text, an id, a code
  photo_cells    where a row's photo is
"""

"""A job's results and errors as files: the catalogue as it was sent, with our columns behind its own.

columns         our columns, and what they are called beside the file's
answers         the cells of those columns, read from the database in pages
tables          a catalogue's rows merged with them, in the file's order
csv_file, ndjson_file, parquet_file, xlsx_file
                a table as a file of this kind, piece by piece
formats         the kinds of files, and which one is asked for
files           a job's results or errors as the file that is asked for
sending         a file is sent while it is made: a few at a time, off the threads that routes share
"""

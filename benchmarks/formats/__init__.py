"""What comes out of files of many formats: a table, a line a file, and a sheet of their pages to look at."""

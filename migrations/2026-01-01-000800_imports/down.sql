drop table import_rows, import_files, imports;

drop table import_newcomers, import_rows, import_files, imports;

drop table holder_identifiers, holders;

drop table erasures, merges, moves, dismissed_pairs, holder_identifiers, holders;

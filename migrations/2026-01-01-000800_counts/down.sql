drop table count_blocks, count_spans, decision_changes, entry_counts, count_changes, title_counts;

drop table targets, reported_figures, rounds, closings, area_totals;

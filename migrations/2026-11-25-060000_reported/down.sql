drop table reported_figures;

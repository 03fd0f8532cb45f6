drop table checkpoint_heads, checkpoints;

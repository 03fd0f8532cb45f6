alter table audit_heads drop column closed;

-- How long each class of record is kept, and on what ground: a legal matter, so it is data.
create table retention_rules (
    class text primary key,
    -- Days after which it goes; null: it is kept.
    keep_days integer constraint retention_rules_days check (keep_days > 0),
    basis text not null,
    version bigint not null
);
insert into retention_rules (class, keep_days, basis, version) values
    ('import_files', 30, 'Chỉ giữ đủ lâu để sửa và gửi lại danh sách (Luật 91/2025/QH15: lưu trữ trong thời gian cần thiết cho mục đích xử lý).', 0),
    ('import_rows', 30, 'Chỉ giữ đủ lâu để sửa và gửi lại danh sách (Luật 91/2025/QH15: lưu trữ trong thời gian cần thiết cho mục đích xử lý).', 0),
    ('sessions', 30, 'Dấu vết đăng nhập của tài khoản sau khi phiên hết hạn.', 0),
    ('login_failures', 1, 'Chống dò mật khẩu; chỉ lưu mã băm.', 0),
    ('untitled_holders', null, 'Người, gia đình, dòng họ chưa từng được xét danh hiệu hoặc đã rút: chưa có quy định thời hạn; tỉnh ấn định.', 0),
    ('deleted_holders', null, 'Giá trị cá nhân trong nhật ký của đối tượng đã xóa khỏi sổ: chưa có quy định thời hạn; tỉnh ấn định.', 0);

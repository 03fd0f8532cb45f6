//! The tables that are exported, and their columns.

use super::{Column, Table};

const fn col(name: &'static str, vi: &'static str, width: u8) -> Column {
    Column { name, vi, width }
}

/// What is known of a title on any day.
const STATE: [Column; 10] = [
    col("code", "Mã", 14),
    col("name", "Tên", 28),
    col("kind", "Danh hiệu", 20),
    col("level", "Cấp", 22),
    col("year", "Năm đánh giá", 10),
    col("area", "Mã địa bàn", 10),
    col("area_name", "Địa bàn", 36),
    col("group", "Nhóm đối tượng", 30),
    col("status", "Trạng thái", 22),
    col("grade", "Mức độ", 14),
];

/// Lists of columns as one.
const fn joined<const N: usize>(lists: [&[Column]; 3]) -> [Column; N] {
    let mut all = [col("", "", 0); N];
    let (mut n, mut list) = (0, 0);
    while list < lists.len() {
        let mut i = 0;
        while i < lists[list].len() {
            all[n] = lists[list][i];
            n += 1;
            i += 1;
        }
        list += 1;
    }
    assert!(n == N);
    all
}

pub static TITLES: Table = Table {
    name: "titles",
    action: "export.titles",
    vi: "Danh hiệu",
    columns: &joined::<22>([
        &[],
        &STATE,
        &[
            col("registered_on", "Ngày đăng ký", 13),
            col("late", "Muộn", 8),
            col("difficult", "Địa bàn khó khăn", 12),
            col("own_total", "Điểm tự chấm", 10),
            col("own_passed", "Tự chấm: đạt", 10),
            col("verified_total", "Điểm thẩm định", 10),
            col("verified_passed", "Thẩm định: đạt", 10),
            col("outcome", "Kết quả", 12),
            col("valid_through", "Có giá trị đến năm", 12),
            col("decision", "Quyết định (mã trong hệ thống)", 38),
            col("holder_id", "Mã trong hệ thống", 38),
            col("version", "Phiên bản", 14),
        ],
    ]),
};

/// Of a past day only the state of a title is known.
pub static TITLES_THEN: Table = Table {
    name: "titles",
    action: "export.titles",
    vi: "Danh hiệu",
    columns: &joined::<13>([
        &[col("as_of", "Biết đến hết ngày", 13)],
        &STATE,
        &[
            col("valid_through", "Có giá trị đến năm", 12),
            col("holder_id", "Mã trong hệ thống", 38),
        ],
    ]),
};

pub static HOLDERS: Table = Table {
    name: "holders",
    action: "export.holders",
    vi: "Đối tượng",
    columns: &[
        col("code", "Mã", 14),
        col("name", "Tên", 28),
        col("kind", "Danh hiệu", 20),
        col("area", "Mã địa bàn", 10),
        col("area_name", "Địa bàn", 36),
        col("hamlet", "Thôn, tổ dân phố", 24),
        col("group", "Nhóm đối tượng", 30),
        col("birth_year", "Năm sinh", 10),
        col("sex", "Giới tính", 10),
        col("number", "Số định danh (che bớt)", 18),
        col("head", "Người đứng đầu", 28),
        col("members", "Số nhân khẩu", 10),
        col("adults", "Số người lớn", 10),
        col("pupils", "Số con đang đi học", 10),
        col("households", "Số hộ", 10),
        col("population", "Dân số", 10),
        col("unit_type", "Loại hình", 20),
        col("staff", "Số người", 10),
        col("holder_id", "Mã trong hệ thống", 38),
        col("version", "Phiên bản", 14),
    ],
};

pub static STATISTICS: Table = Table {
    name: "statistics",
    action: "export.statistics",
    vi: "Số liệu",
    columns: &[
        col("area", "Mã địa bàn", 10),
        col("area_name", "Địa bàn", 36),
        col("area_level", "Cấp địa bàn", 12),
        col("area_until", "Địa bàn còn đến ngày", 13),
        col("part", "Phần", 16),
        col("candidates", "Có thể thuộc", 24),
        col("year", "Năm", 8),
        col("kind", "Danh hiệu", 20),
        col("level", "Cấp", 22),
        col("group", "Nhóm đối tượng", 30),
        col("grade", "Mức độ", 14),
        col("base", "Tính trên", 28),
        col("total", "Tổng số", 12),
        col("total_source", "Nguồn tổng số", 14),
        col("registered", "Đăng ký", 12),
        col("status_registered", "Mới đăng ký", 12),
        col("status_self_assessed", "Đã tự chấm", 12),
        col("status_verified", "Đã thẩm định", 12),
        col("status_recognised", "Được công nhận (trạng thái)", 12),
        col("status_not_recognised", "Không được công nhận", 12),
        col("status_withdrawn", "Đã rút", 12),
        col("status_revoked", "Đã thu hồi", 12),
        col("recognised", "Được công nhận", 12),
        col("in_force", "Còn giá trị cuối năm", 12),
        col("rate_of_registered", "Tỷ lệ trên đăng ký (%)", 12),
        col("rate_of_total", "Tỷ lệ trên tổng số (%)", 12),
        col("rate_over_covered", "Tỷ lệ trên các xã có tổng số (%)", 14),
        col("communes", "Số xã", 10),
        col("communes_with_records", "Số xã có hồ sơ", 10),
        col("communes_closed", "Số xã đã chốt", 10),
        col("communes_with_total", "Số xã có tổng số", 10),
    ],
};

pub static DECISIONS: Table = Table {
    name: "decisions",
    action: "export.decisions",
    vi: "Quyết định",
    columns: &[
        col("decision", "Mã trong hệ thống", 38),
        col("document", "Loại văn bản", 12),
        col("authority", "Cơ quan ban hành", 36),
        col("number", "Số", 10),
        col("symbol", "Ký hiệu", 14),
        col("decided_on", "Ngày ký", 13),
        col("signatory", "Người ký", 26),
        col("position", "Chức vụ", 20),
        col("capacity", "Thẩm quyền", 18),
        col("n", "Số thứ tự", 8),
        col("action", "Nội dung", 20),
        col("code", "Mã", 14),
        col("name", "Tên", 28),
        col("hamlet", "Thôn, tổ dân phố", 24),
        col("area", "Mã địa bàn", 10),
        col("kind", "Danh hiệu", 20),
        col("level", "Cấp", 22),
        col("year", "Năm đánh giá", 10),
        col("group", "Nhóm đối tượng", 30),
        col("own_total", "Điểm tự chấm", 10),
        col("verified_total", "Điểm thẩm định", 10),
        col("outcome", "Kết quả", 12),
        col("grade", "Mức độ", 14),
        col("reason", "Lý do", 30),
        col("holder_id", "Mã đối tượng trong hệ thống", 38),
    ],
};

pub static AUDIT: Table = Table {
    name: "audit",
    action: "export.audit",
    vi: "Nhật ký",
    columns: &[
        col("entry", "Mục", 14),
        col("area", "Mã địa bàn", 10),
        col("seq", "Số thứ tự", 10),
        col("at", "Thời điểm", 22),
        col("day", "Ngày", 13),
        col("actor", "Mã tài khoản", 38),
        col("actor_name", "Tài khoản", 22),
        col("role", "Vai trò", 14),
        col("action", "Việc", 22),
        col("reason", "Lý do", 30),
        col("items", "Số thay đổi", 10),
        col("request_id", "Mã yêu cầu", 38),
        col("hash", "Mã băm", 66),
        col("previous", "Mã băm của mục trước", 66),
        col("summary", "Nội dung", 90),
    ],
};

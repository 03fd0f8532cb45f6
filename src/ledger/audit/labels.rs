//! What the fields of the trail are called by those who read a history.

use crate::base::error::{Say, say};

/// The name of a field; of one that has none, the field itself.
pub fn label(field: &str) -> Say {
    let (vi, en) = match field {
        "name" => ("tên", "name"),
        "hamlet" => ("thôn, tổ dân phố", "hamlet"),
        "area" => ("địa bàn", "area"),
        "group" => ("nhóm đối tượng", "group"),
        "number" => ("số", "number"),
        "status" => ("trạng thái", "status"),
        "grade" => ("xếp loại", "grade"),
        "own_score" => ("điểm tự chấm", "own score"),
        "verified_score" => ("điểm thẩm định", "verified score"),
        "outcome" => ("kết quả", "outcome"),
        "difficult" => ("thuộc nơi khó khăn", "difficult area"),
        "valid_through" => ("hiệu lực đến hết năm", "valid through"),
        "decision" => ("văn bản", "decision"),
        "symbol" => ("ký hiệu", "symbol"),
        "decided_on" => ("ngày", "day"),
        "authority" => ("cơ quan", "authority"),
        "signatory" => ("người ký", "signatory"),
        "position" => ("chức vụ", "position"),
        "capacity" => ("ký thay", "capacity"),
        "annulled" => ("đã hủy", "annulled"),
        "standing_titles" => ("số danh hiệu còn hiệu lực", "titles that stand"),
        "head" => ("chủ hộ, trưởng họ", "head"),
        "head_birth_year" => ("năm sinh chủ hộ", "head's birth year"),
        "members" => ("số nhân khẩu", "members"),
        "adults" => ("số người lớn", "adults"),
        "pupils" => ("số con đang đi học", "pupils"),
        "households" => ("số hộ", "households"),
        "population" => ("số dân", "population"),
        "communes" => ("các xã có người trong họ", "communes"),
        "unit_type" => ("loại đơn vị", "type"),
        "staff" => ("số người", "staff"),
        "educates" => ("cơ sở giáo dục", "educates"),
        "birth_date" => ("ngày sinh", "birth date"),
        "birth_year" => ("năm sinh", "birth year"),
        "sex" => ("giới tính", "sex"),
        "family" => ("gia đình", "family"),
        "unit" => ("đơn vị", "unit"),
        "#" => ("nội dung cá nhân đã xóa", "personal content erased"),
        other => return say(other.replace('_', " "), other.replace('_', " ")),
    };
    say(vi, en)
}

//! What the register holds on one person, as a text to print and hand over.

use chrono::{Datelike, NaiveDate};
use serde_json::Value;

/// A text with headed parts, each a list of lines.
pub struct Sheet {
    text: String,
}

impl Sheet {
    pub fn new(on: NaiveDate) -> Self {
        let text = format!(
            "DỮ LIỆU CÁ NHÂN TRONG SỔ BỘ DANH HIỆU HỌC TẬP\n\
             In ngày {:02} tháng {:02} năm {}\n",
            on.day(),
            on.month(),
            on.year()
        );
        Self { text }
    }

    pub fn part(&mut self, head: &str) {
        self.text += &format!("\n{head}\n");
    }

    pub fn line(&mut self, label: &str, value: &str) {
        self.text += &format!("  {label}: {value}\n");
    }

    /// An entry of a list; of an empty list, that there is nothing.
    pub fn list(&mut self, lines: &[String]) {
        if lines.is_empty() {
            self.text += "  (không có)\n";
        }
        for line in lines {
            self.text += &format!("  - {line}\n");
        }
    }

    pub fn finish(self) -> String {
        self.text
    }
}

/// What a field of the details is called.
pub fn label(field: &str) -> &str {
    match field {
        "head" => "Chủ hộ, trưởng họ",
        "head_birth_year" => "Năm sinh chủ hộ",
        "members" => "Số nhân khẩu",
        "adults" => "Số người lớn",
        "pupils" => "Số con đang đi học",
        "households" => "Số hộ",
        "communes" => "Các xã sinh sống",
        "birth_date" => "Ngày sinh",
        "birth_year" => "Năm sinh",
        "sex" => "Giới tính",
        "family" => "Mã gia đình",
        "unit" => "Mã đơn vị",
        other => other,
    }
}

/// A value of the details as a person reads it.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => match text.as_str() {
            "male" => "nam".to_owned(),
            "female" => "nữ".to_owned(),
            other => other.to_owned(),
        },
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

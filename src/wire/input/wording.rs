//! serde's sentences, for whoever has to mend what they are about.

use crate::base::error::{Say, say};

/// What serde's words for what it expected mean; the first that the sentence ends in counts.
const EXPECTED: [(&[&str], &str, &str); 6] = [
    (
        &["a string", "a borrowed string", "string or map"],
        "một chuỗi chữ trong dấu nháy",
        "a text in quotes",
    ),
    (&["a boolean"], "true hoặc false", "true or false"),
    (&["f64", "f32"], "một số", "a number"),
    (
        &["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "usize"],
        "một số nguyên",
        "a whole number",
    ),
    (&["a sequence"], "một danh sách [ ]", "a list [ ]"),
    (&["a map"], "một nhóm các mục { }", "an object { }"),
];

/// What is wrong, and what would be right.
pub fn of(message: &str) -> Say {
    let name = message.split('`').nth(1).unwrap_or_default();
    let expected = message.split("expected ").nth(1).unwrap_or_default();
    if message.starts_with("missing field") {
        return say(format!("Thiếu mục “{name}”."), format!("`{name}` is missing."));
    }
    if message.starts_with("unknown field") {
        return say(
            format!("Không có mục nào tên “{name}”; xem lại tên mục."),
            format!("There is no `{name}`: expected {expected}."),
        );
    }
    if message.starts_with("unknown variant") {
        let words = expected.trim_start_matches("one of ");
        let vi = words.replace(" or ", " hoặc ");
        return say(
            format!("Giá trị “{name}” không dùng được; chỉ nhận: {vi}."),
            format!("“{name}” cannot be taken: expected {expected}."),
        );
    }
    if message.contains("outside 2021") {
        return say("Năm phải từ 2021 đến 2030.", "A year lies between 2021 and 2030.");
    }
    let known = EXPECTED.iter().find(|(words, ..)| words.contains(&expected));
    let (vi, en) = match known {
        Some((_, vi, en)) => (*vi, *en),
        None if expected.starts_with("struct") => ("một nhóm các mục { }", "an object { }"),
        None if message.contains("invalid digit") => ("một số nguyên", "a whole number"),
        None if message.contains("UUID") => ("mã nhận dạng (UUID) lấy từ hệ thống", "an id (UUID)"),
        None if is_about_a_day(message) => {
            ("ngày có thật, dạng 2026-12-31", "a day that exists, such as 2026-12-31")
        }
        None => return say("Giá trị sai kiểu.", capital(message)),
    };
    say(format!("Phải là {vi}."), format!("Must be {en}."))
}

/// chrono's sentences.
fn is_about_a_day(message: &str) -> bool {
    const WORDS: [&str; 6] = [
        "input contains invalid",
        "premature end of input",
        "input is out of range",
        "no possible date",
        "trailing input",
        "a formatted date string",
    ];
    WORDS.iter().any(|words| message.contains(words))
}

fn capital(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).chain(['.']).collect()).unwrap_or_default()
}

//! What would be right, in words for whoever has to mend it.

use hoctap::base::error::Lang;
use hoctap::wire::input::wording::of;
use serde_json::{Value, json};

fn sentence<T: serde::de::DeserializeOwned>(value: Value) -> String {
    let wrong = serde_json::from_value::<T>(value).err().expect("does not fit");
    of(&wrong.to_string()).speak(Lang::Vi).to_owned()
}

#[test]
fn what_would_be_right_is_said() {
    for (told, expected) in [
        (sentence::<String>(json!(7)), "Phải là một chuỗi chữ trong dấu nháy."),
        (sentence::<hoctap::base::kind::Base>(json!(7)), "Phải là một chuỗi chữ trong dấu nháy."),
        (sentence::<i32>(json!("7")), "Phải là một số nguyên."),
        (sentence::<f64>(json!("7")), "Phải là một số."),
        (sentence::<bool>(json!("yes")), "Phải là true hoặc false."),
        (sentence::<Vec<i32>>(json!(7)), "Phải là một danh sách [ ]."),
        (
            sentence::<chrono::NaiveDate>(json!("31/12/2026")),
            "Phải là ngày có thật, dạng 2026-12-31.",
        ),
        (
            sentence::<chrono::NaiveDate>(json!("2026-02-30")),
            "Phải là ngày có thật, dạng 2026-12-31.",
        ),
        (sentence::<chrono::NaiveDate>(json!(2026)), "Phải là ngày có thật, dạng 2026-12-31."),
        (sentence::<uuid::Uuid>(json!("x")), "Phải là mã nhận dạng (UUID) lấy từ hệ thống."),
        (sentence::<hoctap::base::kind::Year>(json!(2031)), "Năm phải từ 2021 đến 2030."),
    ] {
        assert_eq!(told, expected, "{expected}");
    }
}

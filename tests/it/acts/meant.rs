//! Whom the row of a list means: by code, number, hamlet, name and year.

use hoctap::access::Role;
use serde_json::json;

use super::imports::{summary, told};
use crate::support::TestApp;
use crate::support::lists::{csv, enter, errors, faults, hamlets, send, titles};
use crate::support::records::{COMMUNE, NEIGHBOUR};

#[actix_web::test]
async fn a_row_means_a_holder_by_code_then_number_then_hamlet_name_and_year() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    hamlets(&recorder, "thôn", &["Vạn Diệp", "Phú Ốc"]).await;
    let head = "STT;Mã sổ bộ;Họ và tên;Ngày sinh;Giới tính;Số CCCD;Thôn";
    let list = |rows: &[&str]| csv(head, rows);
    let first = list(&[
        "1;;Lê Thị Hoa;05/02/1985;Nữ;036185001234;Vạn Diệp",
        "2;;Lê Văn Sơn;1990;Nam;;Vạn Diệp",
        "3;;Lê Văn Sơn;1990;Nam;;Phú Ốc",
        "4;;Trần Văn Nam;1975;Nam;;Phú Ốc",
    ]);
    enter(&recorder, "citizen&year=2025", first).await;
    let code = async |name: &str| {
        let found = titles(&recorder, "kind=citizen&year=2025").await;
        let title = found.iter().find(|title| title["name"] == name).expect("a title").clone();
        title["code"].as_str().unwrap().to_owned()
    };
    let (hoa, nam) = (code("Lê Thị Hoa").await, code("Trần Văn Nam").await);
    // By code although the name is another, by number although name and hamlet are, by hamlet and
    // name; a year that is not known does not matter; the same name elsewhere is another person.
    let typed = nam.to_lowercase().replace('-', " ");
    let second = list(&[
        &format!("1;{typed};Trần Văn Nam Anh;1975;Nam;;Phú Ốc"),
        "2;;Lê Thị Hoa Hồng;1985;Nữ;036185001234;Phú Ốc",
        "3;;LÊ VĂN SƠN;;Nam;;Vạn Diệp",
        "4;;Lê Văn Sơn;1991;Nam;;Phú Ốc",
    ]);
    let found = summary(&recorder, "citizen&year=2026", second).await;
    assert_eq!((told(&found), &found["bad"]), ([3, 1, 2, 4], &json!(0)), "{found:#}");
    assert_eq!(found["absent"], 1, "of last year's list one is missing");
    // What stands further down in the list does not matter: the code takes first.
    let third = list(&[
        "1;;Lê Thị Hoa;1985;Nữ;;Vạn Diệp",
        &format!("2;{hoa};Lê Thị Hoa;1985;Nữ;;Vạn Diệp"),
        &format!("3;{hoa};Lê Thị Huệ;1985;Nữ;;Vạn Diệp"),
        "4;ABC-DEF-GHJ;Phạm Văn Long;1980;Nam;;Vạn Diệp",
        "5;;Phạm Thị Mai;1981;Nữ;036181000001;Vạn Diệp",
        "6;;Phạm Thị Mai Anh;1981;Nữ;036181000001;Vạn Diệp",
        &format!("7;{nam};Trần Văn Nam;1975;Nam;036185001234;Phú Ốc"),
    ]);
    let import = send(&recorder, "citizen&year=2026", third).await;
    let found: Vec<(i64, String)> =
        faults(&recorder, &import).await.into_iter().map(|(row, _, code, _)| (row, code)).collect();
    let expected = [
        (2, "duplicate_row"),
        (4, "duplicate_row"),
        (5, "code_wrong"),
        (7, "number_repeated"),
        (8, "number_taken"),
    ];
    assert_eq!(found, expected.map(|(row, code)| (row, code.to_owned())));
    // A number of somebody in another commune: ask there, no name is told.
    let body = json!({"kind": "citizen", "area": NEIGHBOUR, "name": "Vũ Thị Kín",
                      "number": "036190000007", "details": {"birth_year": 1990}});
    neighbour.post("/holders", body).await.is(201);
    let list = list(&["1;;Vũ Thị Lan;1990;Nữ;036190000007;Vạn Diệp"]);
    let import = send(&recorder, "citizen&year=2026", list).await;
    let reason = errors(&recorder, &import).await[0]["faults"][0]["reason"].to_string();
    assert!(reason.contains("Phường Thiên Trường") || reason.contains("Phường"), "{reason}");
    assert!(!reason.contains("Kín"));
}

#[actix_web::test]
async fn a_near_name_is_doubted_until_the_official_decides() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let head = "STT;Mã sổ bộ;Họ và tên chủ hộ;Năm sinh;Điểm tự chấm";
    let first = csv(head, &["1;;Trần Văn Hùng;1970;80", "2;;Lê Thị Mơ;1980;80"]);
    enter(&recorder, "family&year=2025", first).await;
    let hung = titles(&recorder, "q=hung").await[0]["code"].as_str().unwrap().to_owned();
    let doubtful = csv(head, &["1;;Trần Văn Hưng;1970;90", "2;;Le Thi Mo;;85"]);
    let import = send(&recorder, "family&year=2026", doubtful).await;
    let rows = errors(&recorder, &import).await;
    let fault = &rows[0]["faults"][0];
    assert_eq!((&fault["code"], &fault["suggestion"]), (&json!("ambiguous"), &json!(hung)));
    let reason = fault["reason"].as_str().unwrap();
    assert!(reason.contains(&format!("{hung} Trần Văn Hùng (1970)")), "{reason}");
    assert_eq!(rows[1]["faults"][0]["code"], "ambiguous");
    // One is him, misspelt before; the other is somebody else.
    let decided =
        csv(head, &[&format!("1;{hung};Trần Văn Hưng;1970;90"), "2;mới;Le Thi Mo;1980;85"]);
    let import = enter(&recorder, "family&year=2026", decided.clone()).await;
    assert_eq!(told(&import["summary"]), [1, 1, 1, 2]);
    // The same list once more, and with another row: `mới` does not make her twice.
    let again = summary(&recorder, "family&year=2026", decided).await;
    assert_eq!((told(&again), &again["bad"]), ([2, 0, 0, 0], &json!(0)));
    let longer = csv(head, &["1;mới;Le Thi Mo;1980;85", "2;mới;Trần Văn Hưng;1970;70"]);
    let import = enter(&recorder, "family&year=2026", longer).await;
    assert_eq!(told(&import["summary"]), [1, 1, 0, 1], "a second Hưng of that year, as said");
    let found = titles(&recorder, "kind=family&year=2026").await;
    assert_eq!(found.len(), 3);
    // Two of one name: only a code can tell.
    let list = csv(head, &["1;;Trần Văn Hưng;1970;91"]);
    let import = send(&recorder, "family&year=2026", list).await;
    let rows = errors(&recorder, &import).await;
    assert_eq!(rows[0]["faults"][0]["code"], "ambiguous");
    assert_eq!(
        rows[0]["faults"][0]["reason"].as_str().unwrap().matches("Trần Văn Hưng").count(),
        2
    );
}

#[actix_web::test]
async fn a_list_that_knows_last_years_names_means_the_same_hamlets_and_people() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    hamlets(&recorder, "thôn", &["Vạn Diệp", "Phú Ốc"]).await;
    let head = "STT;Họ và tên;Năm sinh;Giới tính;Số CCCD;Thôn";
    let list = |rows: &[&str]| csv(head, rows);
    let first = ["1;Lê Thị Yến;1985;Nữ;036185001234;Vạn Diệp", "2;Lê Văn Sơn;1990;Nam;;Phú Ốc"];
    enter(&recorder, "citizen&year=2025", list(&first)).await;
    let known = recorder.get(&format!("/areas/commune/{COMMUNE}/hamlets")).await.is(200);
    let hamlet =
        known["items"].as_array().unwrap().iter().find(|h| h["name"] == "Vạn Diệp").unwrap();
    let renamed = json!({
        "change": "rename", "effective_on": "2026-06-01", "document": "Nghị quyết 12/NQ-HĐND",
        "hamlets": [{"id": hamlet["id"], "version": hamlet["version"]}], "name": "Đông Phú",
    });
    recorder.post(&format!("/areas/commune/{COMMUNE}/hamlet-changes"), renamed).await.is(201);
    let found = summary(&recorder, "citizen&year=2026", list(&first)).await;
    assert_eq!((told(&found), &found["bad"]), ([2, 0, 0, 2], &json!(0)), "{found:#}");
    // A machine without diacritics corrects no name; a year takes no day of birth away.
    let plain = csv(
        "STT;Họ và tên;Ngày sinh;Giới tính;Số CCCD;Thôn",
        &["1;LE THI YEN;05/02/1985;Nữ;036185001234;Đông Phú"],
    );
    let import = enter(&recorder, "citizen&year=2026", plain).await;
    assert_eq!(told(&import["summary"]), [1, 0, 0, 1]);
    enter(&recorder, "citizen&year=2026", list(&first)).await;
    let holders =
        recorder.get(&format!("/holders?kind=citizen&area={COMMUNE}&q=yen")).await.is(200);
    let yen = &holders["items"][0];
    assert_eq!(
        (&yen["name"], &yen["details"]["birth_date"]),
        (&json!("Lê Thị Yến"), &json!("1985-02-05"))
    );
}

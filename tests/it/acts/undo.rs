//! Taking an import back: every record stands again as it was, or it is said what stands in the way.

use hoctap::access::Role;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::support::lists::{apply, csv, enter, families, hamlets, id, send, titles};
use crate::support::proof::prove;
use crate::support::records::{COMMUNE, PROVINCE, decision, record};
use crate::support::{Answer, Client, TestApp};

async fn undo(recorder: &Client<'_>, import: &Value, partial: bool) -> Answer {
    recorder.post(&format!("/imports/{}/undo", id(import)), json!({"partial": partial})).await
}

/// Everything that a commune knows of its holders and titles, without versions.
async fn register(recorder: &Client<'_>) -> Value {
    let holders = recorder.get(&format!("/holders?area={COMMUNE}&limit=500")).await.is(200);
    let titles = recorder.get(&format!("/titles?area={COMMUNE}&limit=500")).await.is(200);
    let mut all = json!([holders["items"], titles["items"]]);
    for list in all.as_array_mut().unwrap() {
        for item in list.as_array_mut().unwrap() {
            item.as_object_mut().unwrap().remove("version");
        }
    }
    all
}

fn reasons(refusal: &Value) -> Vec<&str> {
    let errors = refusal["errors"].as_array().expect("errors");
    errors.iter().map(|error| error["detail"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn what_a_list_made_and_changed_is_as_it_was_before() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    hamlets(&recorder, "tổ dân phố", &["1", "2"]).await;
    let head = "STT;Mã sổ bộ;Họ và tên;Ngày sinh;Giới tính;Số CCCD;Tổ dân phố;Nhóm;Điểm tự chấm";
    let first = csv(
        head,
        &[
            "1;;Lê Thị Hoa;1985;Nữ;;1;Người học;70",
            "2;;Lê Văn Sơn;1990;Nam;036090000001;2;Nông dân;",
        ],
    );
    enter(&recorder, "citizen&year=2026", first).await;
    let before = register(&recorder).await;
    let hoa = titles(&recorder, "q=hoa").await[0]["code"].as_str().unwrap().to_owned();
    // It renames, gives a number, moves within the commune, scores, and brings two new people.
    let second = csv(
        head,
        &[
            &format!("1;{hoa};Lê Thị Hoa Hồng;05/02/1985;Nữ;036185001234;2;Nông dân;85"),
            "2;;Lê Văn Sơn;1990;Nam;;2;;90",
            "3;mới;Vũ Thị Lan;1991;Nữ;036191000001;1;Người học;88",
            "4;;Vũ Văn Long;1992;Nam;;1;;",
        ],
    );
    let import = enter(&recorder, "citizen&year=2026", second.clone()).await;
    assert_eq!((&import["summary"]["new"], &import["summary"]["changed"]), (&json!(2), &json!(4)));
    let after = register(&recorder).await;
    assert_ne!(before, after);
    let done = undo(&recorder, &import, false).await.is(200);
    assert_eq!((&done["state"], &done["summary"]["taken_back"]), (&json!("undone"), &json!(4)));
    assert_eq!(register(&recorder).await, before);
    let trail = auditor.get(&format!("/audit?area={COMMUNE}&entity=import")).await.is(200);
    let entry = &trail["items"][0];
    assert_eq!((&entry["action"], &entry["items"]), (&json!("import.undo"), &json!(8)));
    // A second time it changes nothing; what was taken back is not applied again.
    undo(&recorder, &import, false).await.is(200);
    let path = format!("/imports/{}/apply", id(&import));
    recorder.post(&path, json!({"atomic": true})).await.refuses(409, "import_undone");
    let trail = auditor.get(&format!("/audit?area={COMMUNE}&entity=import")).await.is(200);
    assert_eq!(trail["items"][0]["id"], entry["id"]);
    // The numbers are free, and the same list comes in again.
    let again = enter(&recorder, "citizen&year=2026", second).await;
    assert_eq!((&again["summary"]["new"], &again["summary"]["changed"]), (&json!(2), &json!(4)));
    prove(&app).await;
}

#[actix_web::test]
async fn who_changed_a_record_since_stands_in_the_way_and_the_rest_can_be_taken_back() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let list = families(&[
        "1;Trần Văn An;1970;;;4;85;84;Đạt",
        "2;Nguyễn Thị Bình;1985;;;3;78;;",
        "3;Lê Văn Cường;1960;;;5;80;;",
        "4;Phạm Văn Dũng;1961;;;5;80;;",
        "5;Vũ Văn Em;1962;;;5;80;;",
    ]);
    let import = enter(&recorder, "family&year=2026", list).await;
    let found = titles(&recorder, "kind=family").await;
    let of = |name: &str| found.iter().find(|t| t["name"] == name).unwrap();
    let code = |name: &str| of(name)["code"].as_str().unwrap().to_owned();
    let holder = |name: &str| of(name)["holder_id"].as_str().unwrap().to_owned();
    // Decided, corrected by hand, registered for another year; a list that changes nothing is none.
    let parts = json!([{"action": "recognise", "records": [record(of("Trần Văn An"))]}]);
    approver.post("/decisions", decision("1", parts)).await.is(201);
    let known = recorder.get(&format!("/holders/{}", holder("Nguyễn Thị Bình"))).await.is(200);
    let path = format!("/holders/{}", holder("Nguyễn Thị Bình"));
    recorder.patch(&path, &known, json!({"name": "Nguyễn Thị Bính"})).await.is(200);
    let path = format!("/holders/{}/titles/2025/commune", holder("Lê Văn Cường"));
    recorder.put(&path, json!({})).await.is(200);
    let same = families(&["1;Phạm Văn Dũng;1961;;;5;80;;", "2;Vũ Văn Em;1962;;;5;80;;"]);
    enter(&recorder, "family&year=2026", same).await;
    let before = register(&recorder).await;
    let refusal = undo(&recorder, &import, false).await.refuses(409, "import_built_upon");
    let named = reasons(&refusal);
    assert_eq!(named.len(), 3, "{refusal:#}");
    for (name, why) in [
        ("Trần Văn An", "quyết định"),
        ("Nguyễn Thị Bình", "đã được sửa"),
        ("Lê Văn Cường", "năm 2025"),
    ] {
        let reason = named.iter().find(|reason| reason.starts_with(&code(name))).expect(name);
        assert!(reason.contains(why), "{reason}");
    }
    assert_eq!(register(&recorder).await, before, "nothing was taken back");
    let done = undo(&recorder, &import, true).await.is(200);
    let summary = &done["summary"];
    assert_eq!((&summary["taken_back"], &summary["kept"]), (&json!(2), &json!(3)));
    let left: Vec<Value> = titles(&recorder, "kind=family&year=2026")
        .await
        .iter()
        .map(|t| t["name"].clone())
        .collect();
    assert_eq!(left, ["Lê Văn Cường", "Nguyễn Thị Bính", "Trần Văn An"]);
    prove(&app).await;
}

#[actix_web::test]
async fn lists_upon_lists_are_taken_back_from_the_top() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let list = |score: &str| families(&[&format!("1;Trần Văn An;1970;;;4;{score};;")]);
    let mut states = vec![register(&recorder).await];
    let mut imports = Vec::new();
    for score in ["70", "80", "90"] {
        imports.push(enter(&recorder, "family&year=2026", list(score)).await);
        states.push(register(&recorder).await);
    }
    for n in [0, 1] {
        let refusal = undo(&recorder, &imports[n], false).await.refuses(409, "import_built_upon");
        assert!(reasons(&refusal)[0].contains("danh sách nhập sau"), "{refusal:#}");
    }
    for n in [2, 1] {
        undo(&recorder, &imports[n], false).await.is(200);
        assert_eq!(register(&recorder).await, states[n]);
    }
    // Another takes their place, and goes again.
    let other = enter(&recorder, "family&year=2026", list("95")).await;
    undo(&recorder, &imports[0], false).await.refuses(409, "import_built_upon");
    undo(&recorder, &other, false).await.is(200);
    undo(&recorder, &imports[0], false).await.is(200);
    assert_eq!(register(&recorder).await, states[0]);
    let waiting = send(&recorder, "family&year=2026", list("60")).await;
    undo(&recorder, &waiting, false).await.refuses(409, "import_not_applied");
    prove(&app).await;
}

#[actix_web::test]
async fn imports_changes_and_undoings_in_any_order_leave_a_true_register() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let mut rng = StdRng::seed_from_u64(4);
    let mut imports: Vec<Value> = Vec::new();
    for _ in 0..40 {
        match rng.random_range(0..10) {
            0..5 => {
                let rows: Vec<String> = (0..8)
                    .filter(|_| rng.random_bool(0.5))
                    .collect::<Vec<i32>>()
                    .into_iter()
                    .map(|n| {
                        let (members, score) = (rng.random_range(2..5), rng.random_range(60..64));
                        format!("{n};Gia đình số {};{};;;{members};{score};;", n * 111, 1950 + n)
                    })
                    .collect();
                if rows.is_empty() {
                    continue;
                }
                let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
                let year = rng.random_range(2025..2027);
                let import = send(&recorder, &format!("family&year={year}"), families(&rows)).await;
                apply(&recorder, &import, false).await;
                imports.push(import);
            }
            5..7 => {
                let found = titles(&recorder, "kind=family&status=self_assessed").await;
                let Some(title) = found.choose(&mut rng) else { continue };
                let holder = title["holder_id"].as_str().unwrap();
                let path = format!("/holders/{holder}/titles/{}/commune", title["year"]);
                recorder.patch(&path, title, json!({"own_score": {"total": 77}})).await.is(200);
            }
            _ => {
                let Some(import) = imports.choose(&mut rng) else { continue };
                let partial = rng.random_bool(0.5);
                let answer = undo(&recorder, import, partial).await;
                assert!(
                    answer.status == 200 || answer.status == 409 && !partial,
                    "{:#}",
                    answer.body
                );
            }
        }
    }
    prove(&app).await;
    // From the last to the first, as far as nobody stands in the way.
    for import in imports.iter().rev() {
        undo(&recorder, import, true).await.is(200);
    }
    prove(&app).await;
}

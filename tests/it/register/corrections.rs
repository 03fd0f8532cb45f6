//! What was entered wrongly of a title: its year, its level, a score after it was verified.

use hoctap::access::Role;
use serde_json::{Value, json};

use crate::support::proof::prove;
use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, decision, family, holder, record, title_at, title_path,
};
use crate::support::{TestApp, faults};

#[actix_web::test]
async fn a_wrong_year_is_corrected_with_all_that_belongs_to_the_title() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let family = family(&recorder, "Trần Văn Bình").await;
    let wrong = title_at(&recorder, &approver, &family, 2025, "verified").await;
    let path = title_path(&family, 2025);
    let correct = format!("{path}/correct");
    let right = json!({"year": 2026, "reason": "Đăng ký nhầm năm"});
    let unexplained = recorder.step(&correct, &wrong, json!({"year": 2026})).await.is(422);
    assert_eq!(unexplained["errors"][0]["code"], "shape");
    let same = json!({"year": 2025, "reason": "Không có gì"});
    recorder.step(&correct, &wrong, same).await.refuses(422, "nothing_to_correct");
    supervisor.step(&correct, &wrong, right.clone()).await.refuses(403, "title_undecided");
    let moved = recorder.step(&correct, &wrong, right.clone()).await.is(200);
    assert_eq!((&moved["year"], &moved["status"]), (&json!(2026), &json!("verified")));
    assert_eq!(moved["own_score"], wrong["own_score"]);
    assert_eq!(moved["valid_through"], 2026);
    recorder.get(&path).await.refuses(404, "not_found");
    // Where a title stands already, nothing is written over it.
    let other = title_at(&recorder, &approver, &family, 2025, "registered").await;
    let refused = recorder.step(&correct, &other, right.clone()).await.refuses(409, "title_exists");
    assert!(refused["detail"].as_str().unwrap().contains("năm 2026"));
    // Decided, it takes somebody who did not record it; the annex goes along.
    let parts = json!([{"action": "recognise", "records": [record(&moved)]}]);
    let paper = approver.post("/decisions", decision("9", parts)).await.is(201);
    let decided = recorder.get(&title_path(&family, 2026)).await.is(200);
    let correct = format!("{}/correct", title_path(&family, 2026));
    let back = json!({"year": 2027, "reason": "Quyết định ghi năm 2027"});
    recorder.step(&correct, &decided, back.clone()).await.refuses(403, "title_decided");
    let moved = supervisor.step(&correct, &decided, back).await.is(200);
    assert_eq!((&moved["year"], &moved["status"]), (&json!(2027), &json!("recognised")));
    assert_eq!(moved["decision"], paper["id"]);
    let annex = format!("/decisions/{}/titles", paper["id"].as_str().unwrap());
    assert_eq!(recorder.get(&annex).await.is(200)["items"][0]["year"], 2027);
    let list = recorder.get("/titles?status=recognised&count=exact").await.is(200);
    assert_eq!(list["count"], 1);
    // What was decided can still be annulled under its right year.
    let annul = format!("/decisions/{}/annul", paper["id"].as_str().unwrap());
    approver.step(&annul, &paper, json!({"reason": "Ghi nhầm"})).await.is(200);
    assert_eq!(recorder.get(&title_path(&family, 2027)).await.is(200)["status"], "verified");
    let path = format!("/holders/{}/history", family["code"].as_str().unwrap());
    let history = recorder.get(&path).await.is(200);
    let told: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| h["sentence"].as_str().unwrap())
        .collect();
    assert!(
        told.iter().any(|s| s.contains("sửa lại danh hiệu Gia đình học tập năm 2025 (cấp xã)")
            && s.contains("đúng ra là năm 2026, cấp xã. Lý do: Đăng ký nhầm năm.")),
        "{told:#?}"
    );
    prove(&app).await;
}

#[actix_web::test]
async fn a_wrong_level_takes_the_criteria_of_the_right_one() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let unit =
        holder(&recorder, "unit", COMMUNE, json!({"name": "Trường THCS Trần Đăng Ninh"})).await;
    let path =
        |level: &str| format!("/holders/{}/titles/2026/{level}", unit["id"].as_str().unwrap());
    let title = recorder.put(&path("province"), json!({})).await.is(200);
    let grade = json!({"score": {"grade": "level_1"}});
    let title = recorder.step(&format!("{}/assess", path("province")), &title, grade).await.is(200);
    let correct = format!("{}/correct", path("province"));
    let lower = json!({"level": "commune", "reason": "Danh hiệu do xã công nhận"});
    // A grade says nothing under a set of points.
    let refused = recorder.step(&correct, &title, lower.clone()).await.is(422);
    assert_eq!(faults(&refused), [("", "grade_unknown")]);
    let none = json!({"own_score": null});
    let title = recorder.patch(&path("province"), &title, none).await.is(200);
    let hamlet = json!({"level": "hamlet", "reason": "Nhầm"});
    recorder.step(&correct, &title, hamlet).await.refuses(422, "level_not_of_holder");
    let moved = recorder.step(&correct, &title, lower).await.is(200);
    assert_eq!(moved["level"], "commune");
    assert_ne!(moved["criteria_set"], title["criteria_set"]);
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    let again = json!({"level": "province", "reason": "Nhầm"});
    let correct = format!("{}/correct", path("commune"));
    neighbour.step(&correct, &moved, again).await.refuses(404, "not_found");
    prove(&app).await;
}

#[actix_web::test]
async fn a_verified_score_is_corrected_with_its_outcome_until_it_is_decided() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let family = family(&recorder, "Trần Văn Bình").await;
    let title = title_at(&recorder, &approver, &family, 2026, "self_assessed").await;
    let path = title_path(&family, 2026);
    let correct = format!("{path}/correct");
    let lower = json!({"verified_score": {"total": 68}, "reason": "Cộng nhầm điểm tiêu chí 2"});
    recorder.step(&correct, &title, lower.clone()).await.refuses(409, "title_not_verified");
    let title = recorder.step(&format!("{path}/verify"), &title, json!({})).await.is(200);
    assert_eq!(title["assessment"]["outcome"], "passes");
    let wrong = json!({"verified_score": {"total": 168}, "reason": "Cộng nhầm"});
    let refused = recorder.step(&correct, &title, wrong).await.is(422);
    assert_eq!(faults(&refused), [("/verified_score/total", "total_above_100")]);
    let title = recorder.step(&correct, &title, lower.clone()).await.is(200);
    assert_eq!(title["status"], "verified", "nothing is returned");
    assert_eq!(title["verified_score"]["total"], 68.0);
    assert_eq!(title["own_score"]["total"], 85.0);
    assert_eq!(title["assessment"]["lacks"], json!(["Tổng điểm 68 chưa đến 80."]));
    let parts = json!([{"action": "decline", "records": [record(&title)]}]);
    let paper = approver.post("/decisions", decision("9", parts)).await.is(201);
    let decided = recorder.get(&path).await.is(200);
    let higher = json!({"verified_score": {"total": 88}, "reason": "Cộng nhầm"});
    recorder.step(&correct, &decided, higher.clone()).await.refuses(403, "title_decided");
    approver.step(&correct, &decided, higher.clone()).await.refuses(409, "title_decided");
    let annul = format!("/decisions/{}/annul", paper["id"].as_str().unwrap());
    approver.step(&annul, &paper, json!({"reason": "Điểm sai"})).await.is(200);
    let open = recorder.get(&path).await.is(200);
    let title = recorder.step(&correct, &open, higher).await.is(200);
    assert_eq!(title["assessment"]["outcome"], "passes");
    let history = format!("/holders/{}/history", family["code"].as_str().unwrap());
    let history = recorder.get(&history).await.is(200);
    let first: &Value = &history["items"][0];
    let told = first["sentence"].as_str().unwrap();
    assert!(
        told.contains(
            "kết quả từ không đạt thành đạt; điểm thẩm định từ 68 thành 88. Lý do: Cộng nhầm."
        ),
        "{told}"
    );
    prove(&app).await;
}

//! Communes with special difficulties: listed by a decision, judged by the lower threshold.

use hoctap::auth::Role;
use serde_json::json;

use crate::support::records::{COMMUNE, PROVINCE, family, register_is_sound, title_path};
use crate::support::{TestApp, faults};

const DIFFICULT: &str = "/areas/commune/13669/difficult";

#[actix_web::test]
async fn the_lower_threshold_holds_in_a_commune_while_a_decision_lists_it() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let path = title_path(&family(&recorder, "Trần Văn Bình").await, 2026);
    let title = recorder.put(&path, json!({})).await.is(200);
    let score = json!({"own_score": {"total": 75}});
    let title = recorder.patch(&path, &title, score).await.is(200);
    assert_eq!(
        (&title["difficult"], &title["assessment"]["outcome"]),
        (&json!(false), &json!("fails"))
    );

    let period = json!({"valid_from": "2026-01-01", "valid_to": null,
                        "source": "Nghị định 272/2025/NĐ-CP"});
    let body = json!({"periods": [period]});
    recorder.put(DIFFICULT, body.clone()).await.refuses(403, "role_not_allowed");
    let near = app.user(Role::Supervisor, COMMUNE).await;
    near.put(DIFFICULT, body.clone()).await.refuses(403, "province_lists");
    let listed = supervisor.put(DIFFICULT, body.clone()).await.is(200);
    assert_eq!(recorder.get(DIFFICULT).await.is(200), listed);
    assert_eq!(supervisor.put(DIFFICULT, body).await.is(200)["version"], listed["version"]);

    let score = json!({"own_score": {"total": 74}});
    let title = recorder.patch(&path, &title, score).await.is(200);
    assert_eq!(
        (&title["difficult"], &title["assessment"]["outcome"]),
        (&json!(true), &json!("passes"))
    );

    let twice = json!({"periods": [period, period]});
    assert_eq!(
        faults(&supervisor.put(DIFFICULT, twice).await.is(422)),
        [("/periods/1", "overlap")]
    );
    let none = json!({"periods": []});
    supervisor.put(DIFFICULT, none).await.refuses(428, "if_match_required");
    register_is_sound(&app).await;
}

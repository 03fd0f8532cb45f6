//! Targets: national ones come with the product, provinces and communes set their own.

use hoctap::access::Role;
use serde_json::{Value, json};

use crate::support::records::{COMMUNE, PROVINCE};
use crate::support::{Client, TestApp, faults};

const OF_COMMUNE: &str = "/areas/commune/13669/targets/2030";
const OF_PROVINCE: &str = "/areas/province/37/targets/2030";
const OF_COUNTRY: &str = "/areas/country/VN/targets/2030";

fn families(percent: impl Into<Value>) -> Value {
    let percent: Value = percent.into();
    json!({"targets": [
        {"kind": "family", "base": "households", "percent": percent, "source": "Kế hoạch tỉnh"},
    ]})
}

async fn put(client: &Client<'_>, path: &str, body: Value) -> Value {
    let known = client.get(path).await.is(200);
    client.call(reqwest::Method::PUT, path).knowing(&known).json(&body).send().await.is(200)
}

/// The target of families that counts for an area: percent and whose it is.
async fn counting(client: &Client<'_>, path: &str) -> (Value, Value) {
    let found = client.get(path).await.is(200);
    let all = found["targets"].as_array().expect("targets");
    let family = all.iter().find(|t| t["kind"] == "family").expect("a target of families");
    (family["percent"].clone(), family["set_by"].clone())
}

#[actix_web::test]
async fn the_programme_brings_its_targets_with_their_sources() {
    let app = TestApp::start().await;
    let viewer = app.dashboard(PROVINCE).await;
    for (year, expected) in [
        (2025, json!([70.0, 65.0, 65.0, 80.0, 40.0, 60.0])),
        (2030, json!([80.0, 75.0, 75.0, 90.0, 60.0, 80.0])),
    ] {
        let found = viewer.get(&format!("/areas/commune/13669/targets/{year}")).await.is(200);
        let of = |kind: &str, group: Value| {
            let all = found["targets"].as_array().expect("targets");
            let one = all.iter().find(|t| t["kind"] == kind && t["group"] == group);
            let one = one.unwrap_or_else(|| panic!("no target of {kind}"));
            assert_eq!((&one["set_by"], &one["author"]), (&json!("VN"), &Value::Null));
            assert!(one["source"].as_str().expect("a source").starts_with("QĐ "));
            one["percent"].clone()
        };
        let null = Value::Null;
        let mut percents: Vec<Value> = ["family", "clan", "community", "unit", "citizen"]
            .map(|kind| of(kind, null.clone()))
            .into();
        percents.push(of("citizen", json!("officials")));
        assert_eq!(json!(percents), expected, "{year}");
    }
    let none = viewer.get("/areas/commune/13669/targets/2027").await.is(200);
    assert_eq!(none["targets"], json!([]));
}

#[actix_web::test]
async fn the_nearest_target_counts_until_it_is_taken_back() {
    let app = TestApp::start().await;
    let of_province = app.user(Role::Supervisor, PROVINCE).await;
    let of_commune = app.user(Role::Supervisor, COMMUNE).await;
    let national = (json!(80.0), json!("VN"));
    assert_eq!(counting(&of_commune, OF_COMMUNE).await, national);
    put(&of_province, OF_PROVINCE, families(85)).await;
    assert_eq!(counting(&of_commune, OF_COMMUNE).await, (json!(85.0), json!("37")));
    put(&of_commune, OF_COMMUNE, families(90.5)).await;
    assert_eq!(counting(&of_commune, OF_COMMUNE).await, (json!(90.5), json!("13669")));
    assert_eq!(counting(&of_province, OF_PROVINCE).await, (json!(85.0), json!("37")));
    assert_eq!(counting(&of_commune, "/areas/commune/13684/targets/2030").await.0, 85.0);
    put(&of_commune, OF_COMMUNE, families(Value::Null)).await;
    put(&of_province, OF_PROVINCE, families(Value::Null)).await;
    assert_eq!(counting(&of_commune, OF_COMMUNE).await, national);
    let history = of_commune.get(&format!("{OF_COMMUNE}?history=true")).await.is(200);
    let percents: Vec<_> =
        history["history"].as_array().expect("a history").iter().map(|t| &t["percent"]).collect();
    assert_eq!(percents, [&Value::Null, &json!(90.5)]);
}

#[actix_web::test]
async fn each_sets_its_own_and_knows_what_it_changes() {
    let app = TestApp::start().await;
    let of_province = app.user(Role::Supervisor, PROVINCE).await;
    let administrator = app.user(Role::Administrator, "VN").await;
    of_province.put(OF_COUNTRY, families(85)).await.refuses(403, "area_not_covered");
    app.user(Role::Supervisor, "VN")
        .await
        .put(OF_COUNTRY, families(85))
        .await
        .refuses(403, "targets_of_another");
    administrator.put(OF_PROVINCE, families(85)).await.refuses(403, "targets_of_another");
    app.user(Role::Administrator, PROVINCE)
        .await
        .put(OF_PROVINCE, families(85))
        .await
        .refuses(403, "targets_of_another");
    app.user(Role::Recorder, PROVINCE)
        .await
        .put(OF_PROVINCE, families(85))
        .await
        .refuses(403, "role_not_allowed");
    administrator.put(OF_COUNTRY, families(81)).await.refuses(428, "if_match_required");
    put(&administrator, OF_COUNTRY, families(81)).await;
    // The first target of an area needs no version, a change of it does; the same again changes nothing.
    let first = of_province.put(OF_PROVINCE, families(85)).await.is(200);
    of_province.put(OF_PROVINCE, families(86)).await.refuses(428, "if_match_required");
    let same = of_province.put(OF_PROVINCE, families(85)).await.is(200);
    assert_eq!(first["version"], same["version"]);
    put(&of_province, OF_PROVINCE, families(86)).await;
    let stale = of_province.call(reqwest::Method::PUT, OF_PROVINCE).knowing(&first);
    stale.json(&families(87)).send().await.refuses(412, "stale_version");
    let trail = of_province.get("/audit?area=37&entity=target").await.is(200);
    assert_eq!(trail["items"].as_array().expect("entries").len(), 2, "{trail:#}");
}

#[actix_web::test]
async fn a_wrong_target_is_explained_whole() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let target = |kind: &str, base: &str, percent: Value| json!({"kind": kind, "base": base, "percent": percent, "source": "Kế hoạch"});
    let wrong = json!({"targets": [
        target("family", "clans", json!(50)),
        target("citizen", "officials", json!(50)),
        target("clan", "clans", json!(101)),
        target("unit", "organisations", json!(0)),
    ]});
    let problem = supervisor.put(OF_PROVINCE, wrong).await.refuses(422, "invalid");
    let expected = [
        ("/targets/0/base", "base_not_of_kind"),
        ("/targets/1/base", "base_not_of_kind"),
        ("/targets/2/percent", "range"),
        ("/targets/3/percent", "range"),
    ];
    assert_eq!(faults(&problem), expected);
    let twice =
        json!({"targets": [target("clan", "clans", json!(5)), target("clan", "clans", json!(6))]});
    let problem = supervisor.put(OF_PROVINCE, twice).await.refuses(422, "invalid");
    assert_eq!(faults(&problem), [("/targets/1", "repeated")]);
    let finer = json!({"targets": [target("clan", "clans", json!(50.125))]});
    let problem = supervisor.put(OF_PROVINCE, finer).await.refuses(422, "invalid");
    assert_eq!(faults(&problem), [("/targets/0/percent", "shape")]);
}

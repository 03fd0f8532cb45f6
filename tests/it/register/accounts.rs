//! Accounts: log-in and its end, passwords, and who manages whom.

use std::time::{Duration, Instant};

use hoctap::access::Role;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::records::{COMMUNE, NEIGHBOUR, PROVINCE};
use crate::support::{Answer, Client, PASSWORD, TestApp, faults};

async fn log_in(app: &TestApp, username: &str, password: &str) -> Answer {
    app.stranger().post("/auth/login", json!({"username": username, "password": password})).await
}

async fn refresh(app: &TestApp, tokens: &Value) -> Answer {
    let body = json!({"refresh_token": tokens["refresh_token"]});
    app.stranger().post("/auth/refresh", body).await
}

fn bearer<'a>(app: &'a TestApp, tokens: &Value) -> Client<'a> {
    app.bearer(tokens["access_token"].as_str().expect("a token"))
}

fn new_user(username: &str, role: &str, area: &str) -> Value {
    json!({"username": username, "full_name": "Lê Thị Thử", "role": role, "area": area})
}

/// The account is refused within five seconds, and a little for the machine.
async fn is_out_in_time(client: &Client<'_>) {
    let begun = Instant::now();
    loop {
        let answer = client.get("/me").await;
        if answer.status != 200 {
            answer.refuses(401, "session_ended");
            return;
        }
        assert!(begun.elapsed() < Duration::from_millis(5_500), "still let in");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[actix_web::test]
async fn who_logs_in_is_who_the_token_says() {
    let app = TestApp::start().await;
    app.user(Role::Recorder, COMMUNE).await;
    let tokens = log_in(&app, "recorder.13669", PASSWORD).await.is(200);
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(tokens["password_temporary"], false);

    let me = bearer(&app, &tokens).get("/me").await.is(200);
    assert_eq!(me["username"], "recorder.13669");
    assert_eq!((&me["role"], &me["area"]), (&json!("recorder"), &json!(COMMUNE)));
    assert_eq!(me["area_name"], "Phường Nam Định, Tỉnh Ninh Bình");

    // Anyone can check the token with the public keys.
    let jwks = app.stranger().call(Method::GET, "/.well-known/jwks.json").at_root().send().await;
    let jwks: JwkSet = serde_json::from_value(jwks.is(200)).expect("a set of keys");
    let token = tokens["access_token"].as_str().unwrap();
    let kid = decode_header(token).expect("a header").kid.expect("the id of its key");
    let key = DecodingKey::from_jwk(jwks.find(&kid).expect("the key")).expect("a key");
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_audience(&["hoctap"]);
    let claims = decode::<Value>(token, &key, &rules).expect("a valid token").claims;
    assert_eq!(claims["sub"], me["id"]);
    let (said, signature) = token.rsplit_once('.').expect("a signature");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let forged = format!("{said}.{first}{}", &signature[1..]);
    app.bearer(&forged).get("/me").await.refuses(401, "token_invalid");
    let basic = app.stranger().call(Method::GET, "/me").header("authorization", "Basic YTpi");
    let refused = basic.send().await;
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    refused.refuses(401, "token_invalid");
}

#[actix_web::test]
async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_session() {
    let app = TestApp::start().await;
    app.user(Role::Recorder, COMMUNE).await;
    let first = log_in(&app, "recorder.13669", PASSWORD).await.is(200);
    let other = log_in(&app, "recorder.13669", PASSWORD).await.is(200);
    let second = refresh(&app, &first).await.is(200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let third = refresh(&app, &second).await.is(200);
    bearer(&app, &third).get("/me").await.is(200);

    refresh(&app, &first).await.refuses(401, "refresh_token_reused");
    refresh(&app, &third).await.refuses(401, "refresh_token_invalid");
    is_out_in_time(&bearer(&app, &third)).await;
    // Another session of the same user is not touched.
    bearer(&app, &other).get("/me").await.is(200);
    refresh(&app, &other).await.is(200);
    let unknown = json!({"refresh_token": "x"});
    app.stranger().post("/auth/refresh", unknown).await.refuses(401, "refresh_token_invalid");
}

#[actix_web::test]
async fn who_logs_out_is_out() {
    let app = TestApp::start().await;
    app.user(Role::Recorder, COMMUNE).await;
    let tokens = log_in(&app, "recorder.13669", PASSWORD).await.is(200);
    let user = bearer(&app, &tokens);
    user.call(Method::POST, "/auth/logout").send().await.is(204);
    refresh(&app, &tokens).await.refuses(401, "refresh_token_invalid");
    is_out_in_time(&user).await;
}

#[actix_web::test]
async fn failed_log_ins_are_throttled_whether_the_user_exists_or_not() {
    let app = TestApp::start().await;
    app.user(Role::Recorder, COMMUNE).await;
    let mut told = Vec::new();
    for username in ["recorder.13669", "nobody.13669"] {
        for _ in 0..5 {
            let problem = log_in(&app, username, "sai mật khẩu").await;
            told.push(problem.refuses(401, "login_failed")["detail"].clone());
        }
        let refused = log_in(&app, username, PASSWORD).await;
        assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|s| s <= 15 * 60));
        refused.refuses(429, "too_many_failures");
    }
    assert!(told.iter().all(|detail| *detail == told[0]), "{told:?}");

    // The others from the same address are served, until it has failed too often itself.
    app.user(Role::Approver, COMMUNE).await;
    for n in 0..40 {
        log_in(&app, &format!("user.{n}"), "sai mật khẩu").await.refuses(401, "login_failed");
    }
    log_in(&app, "approver.13669", PASSWORD).await.refuses(429, "too_many_failures");
}

#[actix_web::test]
async fn a_log_in_forgets_the_failures_before_it() {
    let app = TestApp::start().await;
    app.user(Role::Recorder, COMMUNE).await;
    for _ in 0..3 {
        for _ in 0..4 {
            log_in(&app, "recorder.13669", "sai mật khẩu").await.refuses(401, "login_failed");
        }
        log_in(&app, "recorder.13669", PASSWORD).await.is(200);
    }
}

#[actix_web::test]
async fn a_password_is_changed_by_who_knows_it_and_ends_the_other_sessions() {
    let app = TestApp::start().await;
    app.user(Role::Recorder, COMMUNE).await;
    let tokens = log_in(&app, "recorder.13669", PASSWORD).await.is(200);
    let user = bearer(&app, &tokens);
    let other = log_in(&app, "recorder.13669", PASSWORD).await.is(200);
    let change = |current: &str, new: &str| {
        user.post("/me/password", json!({"current": current, "new": new}))
    };
    let problem = change("không phải", "ngắn").await.refuses(422, "invalid");
    assert_eq!(faults(&problem), [("/new", "password_length"), ("/current", "password_wrong")]);
    let problem = change(PASSWORD, "Recorder.13669 của tôi").await.refuses(422, "invalid");
    assert_eq!(faults(&problem), [("/new", "password_is_username")]);
    let problem = change(PASSWORD, PASSWORD).await.refuses(422, "invalid");
    assert_eq!(faults(&problem), [("/new", "password_unchanged")]);

    change(PASSWORD, "mật khẩu mới của tôi").await.is(204);
    user.get("/me").await.is(200);
    refresh(&app, &tokens).await.is(200);
    refresh(&app, &other).await.refuses(401, "refresh_token_invalid");
    log_in(&app, "recorder.13669", PASSWORD).await.refuses(401, "login_failed");
    log_in(&app, "recorder.13669", "mật khẩu mới của tôi").await.is(200);
}

#[actix_web::test]
async fn a_temporary_password_must_be_changed_first() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, PROVINCE).await;
    let made = administrator.post("/users", new_user("moi.13669", "recorder", COMMUNE)).await;
    let made = made.is(201);
    let given =
        made["temporary_password"].as_str().expect("a password, shown this once").to_owned();
    let id = made["id"].as_str().unwrap();
    let known = administrator.get(&format!("/users/{id}")).await.is(200);
    assert_eq!(known["temporary_password"], Value::Null);

    let tokens = log_in(&app, "moi.13669", &given).await.is(200);
    assert_eq!(tokens["password_temporary"], true);
    let user = bearer(&app, &tokens);
    assert_eq!(user.get("/me").await.is(200)["password_temporary"], true);
    user.get("/holders").await.refuses(403, "password_temporary");
    let own = json!({"current": given, "new": "mật khẩu của riêng tôi"});
    user.post("/me/password", own).await.is(204);
    user.get("/holders").await.is(200);

    // Forgotten: the administrator gives another, and the old sessions end.
    let path = format!("/users/{id}/reset");
    let given = administrator.call(Method::POST, &path).send().await.is(200);
    let given = given["temporary_password"].as_str().unwrap();
    is_out_in_time(&user).await;
    log_in(&app, "moi.13669", "mật khẩu của riêng tôi").await.refuses(401, "login_failed");
    let tokens = log_in(&app, "moi.13669", given).await.is(200);
    bearer(&app, &tokens).get("/titles").await.refuses(403, "password_temporary");
}

#[actix_web::test]
async fn an_administrator_manages_the_accounts_of_the_own_area_only() {
    let app = TestApp::start().await;
    let country = app.user(Role::Administrator, "VN").await;
    let province = app.user(Role::Administrator, PROVINCE).await;
    let hanoi = app.user(Role::Recorder, "00070").await;
    let hanoi = hanoi.get("/me").await.is(200);
    let hanoi = format!("/users/{}", hanoi["id"].as_str().unwrap());

    for area in ["VN", "01", "00070"] {
        let new = new_user("xa.lạ", "recorder", area);
        province.post("/users", new).await.refuses(403, "area_not_covered");
        let service = json!({"name": "bảng", "area": area});
        province.post("/service-accounts", service).await.refuses(403, "area_not_covered");
    }
    province.get(&hanoi).await.refuses(404, "not_found");
    let seen = country.get(&hanoi).await.is(200);
    province.patch(&hanoi, &seen, json!({"disabled": true})).await.refuses(404, "not_found");
    let reset = format!("{hanoi}/reset");
    province.call(Method::POST, &reset).send().await.refuses(404, "not_found");

    province.post("/users", new_user("thu.13669", "recorder", COMMUNE)).await.is(201);
    province.post("/users", new_user("thu.13684", "approver", NEIGHBOUR)).await.is(201);
    let names = |list: Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap().iter();
        items.map(|user| user["username"].as_str().unwrap().to_owned()).collect()
    };
    let all = names(province.get("/users").await.is(200));
    assert_eq!(all, ["administrator.37", "thu.13669", "thu.13684"]);
    let recorders = names(province.get("/users?role=recorder").await.is(200));
    assert_eq!(recorders, ["thu.13669"]);
    let page = province.get("/users?limit=2").await.is(200);
    let next = format!("/users?limit=2&cursor={}", page["next"].as_str().unwrap());
    assert_eq!(names(province.get(&next).await.is(200)), ["thu.13684"]);
    assert_eq!(names(province.get("/users?area=01").await.is(200)), [] as [&str; 0]);

    let problem = province.post("/users", new_user("Tên Lạ", "recorder", COMMUNE)).await;
    assert_eq!(faults(&problem.refuses(422, "invalid")), [("/username", "username_form")]);
    let taken = province.post("/users", new_user("thu.13669", "approver", COMMUNE)).await;
    taken.refuses(409, "name_taken");
}

#[actix_web::test]
async fn nobody_changes_the_own_role_and_the_last_administrator_stays() {
    let app = TestApp::start().await;
    let first = app.user(Role::Administrator, "VN").await;
    let me = first.get("/me").await.is(200);
    let path = format!("/users/{}", me["id"].as_str().unwrap());
    let known = first.get(&path).await.is(200);
    for change in [json!({"role": "auditor"}), json!({"area": "37"}), json!({"disabled": true})] {
        first.patch(&path, &known, change).await.refuses(403, "own_account");
    }
    let second = app.named_user("second", Role::Administrator, "VN").await;
    let after = second.patch(&path, &known, json!({"disabled": true})).await.is(200);
    assert_eq!(after["disabled"], true);
    is_out_in_time(&first).await;
    second.patch(&path, &known, json!({"disabled": false})).await.refuses(412, "stale_version");
    second.patch(&path, &after, json!({"disabled": false})).await.is(200);
    log_in(&app, "administrator.vn", PASSWORD).await.is(200);
}

#[actix_web::test]
async fn a_disabled_account_is_out_within_five_seconds() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, PROVINCE).await;
    app.user(Role::Recorder, COMMUNE).await;
    let tokens = log_in(&app, "recorder.13669", PASSWORD).await.is(200);
    let user = bearer(&app, &tokens);
    let me = user.get("/me").await.is(200);
    let path = format!("/users/{}", me["id"].as_str().unwrap());
    let known = administrator.get(&path).await.is(200);
    let gone = administrator.patch(&path, &known, json!({"disabled": true})).await.is(200);
    is_out_in_time(&user).await;
    refresh(&app, &tokens).await.refuses(401, "refresh_token_invalid");
    log_in(&app, "recorder.13669", PASSWORD).await.refuses(401, "login_failed");

    // A change of role or area ends the tokens that name the old one.
    administrator.patch(&path, &gone, json!({"disabled": false})).await.is(200);
    let again = app.log_in("recorder.13669").await;
    again.get("/holders").await.is(200);
    let known = administrator.get(&path).await.is(200);
    administrator.patch(&path, &known, json!({"area": NEIGHBOUR})).await.is(200);
    is_out_in_time(&again).await;
    let moved = app.log_in("recorder.13669").await;
    assert_eq!(moved.get("/me").await.is(200)["area"], NEIGHBOUR);
}

#[actix_web::test]
async fn a_service_account_exchanges_its_key_until_it_is_disabled() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, PROVINCE).await;
    let body = json!({"name": "dashboard", "area": PROVINCE});
    let made = administrator.post("/service-accounts", body.clone()).await.is(201);
    let key = json!({"key": made["key"]});
    let path = format!("/service-accounts/{}", made["id"].as_str().unwrap());
    assert_eq!(administrator.get(&path).await.is(200)["key"], Value::Null);
    administrator.post("/service-accounts", body).await.refuses(409, "name_taken");

    let tokens = app.stranger().post("/auth/token", key.clone()).await.is(200);
    assert_eq!(tokens["refresh_token"], Value::Null);
    let service = bearer(&app, &tokens);
    let me = service.get("/me").await.is(200);
    assert_eq!((&me["role"], &me["username"]), (&json!("viewer"), &json!("dashboard")));
    service.get("/statistics?area=37").await.is(200);
    service.get("/holders").await.refuses(403, "role_not_allowed");
    let wrong = app.stranger().post("/auth/token", json!({"key": "x"})).await;
    wrong.refuses(401, "key_invalid");

    let list = administrator.get("/service-accounts").await.is(200);
    assert_eq!(list["items"][0]["name"], "dashboard");
    administrator.patch(&path, &made, json!({"disabled": true})).await.is(204);
    app.stranger().post("/auth/token", key).await.refuses(401, "key_invalid");
    is_out_in_time(&service).await;
}

//! What the command line does beside a running server: areas, which every server on the database then
//! knows, and what is past its time.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use chrono::{Days, NaiveDate};
use hoctap::access::Role;
use hoctap::base::clock::today;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::server::{Home, Server};
use crate::support::{TestApp, cluster};

const HEADER: &str =
    "effective_on,decree,level,old_code,new_code,kind,new_type,new_name,new_parent_code\n";

fn reform(on: NaiveDate, rows: &[&str]) -> String {
    let rows = rows.iter().map(|row| format!("{on},Nghị quyết 99/NQ-UBTVQH16,{row}\n"));
    std::iter::once(HEADER.to_owned()).chain(rows).collect()
}

fn import(home: &Home, file: &Path, more: &[&str]) -> Output {
    let file = file.display().to_string();
    home.run(&[&["areas", "import", &file], more].concat())
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

async fn name(server: &Server<'_>, code: &str) -> (u16, Value) {
    let path = format!("/areas/commune/{code}");
    let (status, area) = server.send("", Method::GET, &path, Value::Null).await;
    (status, area["full_name"].clone())
}

#[actix_web::test]
async fn a_file_is_checked_kept_and_applied_by_the_command_line() {
    let (url, _) = cluster::empty_database().await;
    let dir = tempfile::tempdir().expect("a directory");
    let keys = dir.path().join("keys.json");
    let home = Home::with_database(&url, &keys);
    assert!(home.run(&["keys", &keys.display().to_string()]).status.success());
    let server = home.serve(&[]);
    let file = dir.path().join("reform.csv");
    let put = |rows: &[&str]| std::fs::write(&file, reform(today(), rows)).expect("a file");

    // Everything that is wrong is said at once, and nothing is kept.
    put(&[
        "commune,99999,13669,whole,,,",
        "commune,13684,12,rename,làng,,",
        "district,356,356,rename,,,",
    ]);
    let refused = import(&home, &file, &["--apply"]);
    let (out, err) = said(&refused);
    assert!(!refused.status.success() && out.is_empty(), "{out}");
    for pointer in ["/2/old_code", "/3/new_code", "/3/new_type", "/4/level"] {
        assert!(err.contains(pointer), "{pointer}: {err}");
    }
    let missing = import(&home, &dir.path().join("none.csv"), &[]);
    assert!(!missing.status.success() && said(&missing).1.contains("none.csv"));

    // Without --apply it only waits.
    put(&["commune,13741,,rename,phường,,"]);
    let kept = import(&home, &file, &[]);
    let (out, err) = said(&kept);
    assert!(kept.status.success(), "{err}");
    assert!(out.contains("13741 Xã Vụ Bản, Tỉnh Ninh Bình -> 13741: 0 holders"), "{out}");
    assert!(!out.contains("applied"), "{out}");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(name(&server, "13741").await, (200, json!("Xã Vụ Bản")));

    // Applied, the server that runs knows it, without being told.
    let applied = import(&home, &file, &["--apply"]);
    let (out, err) = said(&applied);
    assert!(applied.status.success() && out.ends_with("applied\n"), "{out}{err}");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(name(&server, "13741").await, (200, json!("Phường Vụ Bản")));
    let again = import(&home, &file, &["--apply"]);
    assert!(
        !again.status.success() && said(&again).1.contains("/2/old_code"),
        "{:?}",
        said(&again)
    );
    let verdict = home.run(&["audit", "verify"]);
    assert!(verdict.status.success(), "{}", said(&verdict).0);
    assert!(server.stop().success());
}

#[actix_web::test]
async fn what_areas_become_on_one_server_another_knows_within_a_second() {
    let app = TestApp::start().await;
    let other = app.beside().await;
    let administrator = app.user(Role::Administrator, "VN").await;
    let there = other.stranger();
    let path = "/areas/commune/13741";
    assert_eq!(there.get(path).await.is(200)["full_name"], "Xã Vụ Bản");
    let file = reform(today(), &["commune,13741,,rename,phường,,"]);
    let reform = administrator.call(Method::POST, "/reforms").bytes(file).send().await.is(201);
    let id = reform["id"].as_str().unwrap();
    administrator.call(Method::POST, &format!("/reforms/{id}/apply")).send().await.is(200);
    assert_eq!(app.stranger().get(path).await.is(200)["full_name"], "Phường Vụ Bản");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(there.get(path).await.is(200)["full_name"], "Phường Vụ Bản");
    let eve = today() - Days::new(1);
    let before = there.get(&format!("{path}?on={eve}")).await.is(200);
    assert_eq!(before["full_name"], "Xã Vụ Bản");
    let reason = json!({"reason": "Nhập nhầm"});
    administrator.post(&format!("/reforms/{id}/undo"), reason).await.is(200);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(there.get(path).await.is(200)["full_name"], "Xã Vụ Bản");
}

#[actix_web::test]
async fn what_is_past_its_time_is_counted_and_then_removed_by_the_command_line() {
    let (url, _) = cluster::empty_database().await;
    let dir = tempfile::tempdir().expect("a directory");
    let keys = dir.path().join("keys.json");
    let home = Home::with_database(&url, &keys);
    assert!(home.run(&["keys", &keys.display().to_string()]).status.success());
    let server = home.serve(&[]);
    let login = json!({"username": "ai.do", "password": "không phải mật khẩu"});
    let (status, _) = server.send("", Method::POST, "/auth/login", login).await;
    assert_eq!(status, 401);
    let failures = |mode: &str| {
        let (out, err) = said(&home.run(&["retention", mode]));
        let line = out.lines().find(|line| line.starts_with("login_failures"));
        let line = line.unwrap_or_else(|| panic!("{out}{err}")).to_owned();
        line.split_whitespace().nth(3).expect("a number").to_owned()
    };
    assert_eq!(failures("--preview"), "0", "it is kept for a day");
    let db = hoctap::base::db::copy_client(&url).await.expect("the database");
    db.batch_execute("update login_failures set at = at - interval '2 days'").await.expect("time");
    assert_eq!(failures("--preview"), "2", "of the name and of the address");
    assert_eq!(failures("--preview"), "2", "a preview removes nothing");
    assert_eq!(failures("--apply"), "2");
    assert_eq!(failures("--preview"), "0");
    assert!(!home.run(&["retention"]).status.success(), "one of both must be said");
    server.stop();
}

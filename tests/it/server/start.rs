//! Starting, stopping, and being killed: the program as a process.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::cluster;
use crate::support::server::{Home, Server};

/// Adds an administrator with the command line; gives a password of its own, and its token.
async fn administrator(home: &Home, server: &Server<'_>) -> String {
    let added = home.run(&["user", "add", "--username", "admin", "--full-name", "Lê Thị Quản"]);
    let said = String::from_utf8_lossy(&added.stdout);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let given = said.split_whitespace().last().expect("a password");
    let token = server.log_in("admin", given).await;
    let (refused, problem) = server.send(&token, Method::GET, "/users", json!(null)).await;
    assert_eq!((refused, &problem["code"]), (403, &json!("password_temporary")));
    let own = "mật khẩu của quản trị";
    let change = json!({"current": given, "new": own});
    assert_eq!(server.send(&token, Method::POST, "/me/password", change).await.0, 204);
    server.log_in("admin", own).await
}

fn new_user(username: &str) -> Value {
    json!({"username": username, "full_name": "Lê Thị Thử", "role": "recorder", "area": "13669"})
}

async fn add_user(server: &Server<'_>, token: &str, username: &str) -> u16 {
    server.send(token, Method::POST, "/users", new_user(username)).await.0
}

#[actix_web::test]
async fn the_demo_prints_its_accounts_and_is_found_again() {
    let home = Home::new();
    let server = home.serve(&["--demo"]);
    let password = std::fs::read_to_string(home.data().join("demo-password")).expect("a password");
    let password = password.trim();
    let names =
        ["administrator", "recorder.13669", "approver.13669", "supervisor.37", "auditor.37"];
    for name in names {
        assert!(server.said.contains(name), "{name} is not told: {}", server.said);
        server.log_in(name, password).await;
    }
    assert!(server.said.contains(password), "{}", server.said);
    let question = "/statistics?area=37&depth=commune&year_from=2025&year_to=2026";
    let before = server.get("", question).await["items"].clone();
    let kinds: std::collections::BTreeSet<_> =
        before.as_array().unwrap().iter().map(|row| row["kind"].to_string()).collect();
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    let auditor = server.log_in("auditor.37", password).await;
    let entries = server.get(&auditor, "/audit/verify").await["entries"].clone();
    assert!(server.stop().success());
    assert!(home.database_is_stopped());

    let server = home.serve(&["--demo"]);
    assert!(server.said.contains(password), "{}", server.said);
    let auditor = server.log_in("auditor.37", password).await;
    assert_eq!(server.get("", question).await["items"], before);
    let verdict = server.get(&auditor, "/audit/verify").await;
    assert_eq!((&verdict["valid"], &verdict["entries"]), (&json!(true), &entries));
    let counts = home.run(&["verify"]);
    assert!(counts.status.success(), "{}", String::from_utf8_lossy(&counts.stdout));
}

#[actix_web::test]
async fn a_request_in_flight_is_finished_before_the_end() {
    let home = Home::new();
    let server = home.serve(&[]);
    let body = r#"{"username": "nobody.13669", "password": "không phải"}"#;
    let mut slow = TcpStream::connect(&home.listen).expect("a connection");
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let (first, rest) = body.split_at(20);
    slow.write_all(format!("{head}{first}").as_bytes()).expect("half a request");
    // The server has taken the connection as soon as it answers on a later one.
    server.get("", "/areas?limit=1").await;
    server.signal(Signal::SIGTERM);
    std::thread::sleep(Duration::from_millis(300));
    slow.write_all(rest.as_bytes()).expect("the other half");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.contains("login_failed"), "{answer}");
    assert!(server.wait().success());
    assert!(home.database_is_stopped());
}

#[actix_web::test]
async fn nothing_that_was_answered_is_lost_when_all_is_killed() {
    let home = Home::new();
    let mut server = home.serve(&[]);
    let mut token = administrator(&home, &server).await;
    let mut answered = Vec::new();
    for (n, with_database) in [false, true].into_iter().enumerate() {
        for m in 0..10 {
            let username = format!("user.{n}.{m}");
            assert_eq!(add_user(&server, &token, &username).await, 201);
            answered.push(username);
        }
        // One more is under way when the power fails: it is there whole, or not at all.
        let body = new_user(&format!("under.way.{n}")).to_string();
        let mut under_way = TcpStream::connect(&home.listen).expect("a connection");
        let request = format!(
            "POST /api/v1/users HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        under_way.write_all(request.as_bytes()).expect("a request");
        if with_database {
            kill(home.database_pid(), Signal::SIGKILL).expect("a signal");
        }
        server.signal(Signal::SIGKILL);
        assert!(!server.wait().success());
        assert!(!home.database_is_stopped(), "nobody stopped it");

        server = home.serve(&[]);
        token = server.log_in("admin", "mật khẩu của quản trị").await;
        let list = server.get(&token, "/users?role=recorder&limit=100").await;
        let found = list["items"].as_array().unwrap().iter();
        let found: Vec<&str> = found.map(|user| user["username"].as_str().unwrap()).collect();
        let lost: Vec<_> = answered.iter().filter(|name| !found.contains(&name.as_str())).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
    let verdict = home.run(&["audit", "verify"]);
    assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stdout));
    assert!(server.stop().success());
}

#[actix_web::test]
async fn two_servers_share_one_database_and_one_file_of_keys() {
    let (url, _) = cluster::empty_database().await;
    let keys = tempfile::tempdir().expect("a directory");
    let file = keys.path().join("keys.json");
    let here = Home::with_database(&url, &file);
    let made = here.run(&["keys", &file.display().to_string()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let there = Home::with_database(&url, &file);
    // Both find the database empty and bring it up.
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| there.serve(&[]));
        (here.serve(&[]), other.join().expect("the other server"))
    });
    let token = administrator(&here, &one).await;
    assert_eq!(add_user(&other, &token, "moi.13669").await, 201);
    assert_eq!(add_user(&one, &token, "moi.13669").await, 409);
    assert_eq!(one.get(&token, "/users?role=recorder").await["items"][0]["username"], "moi.13669");

    // With other keys the same number would be accepted twice.
    let wrong = keys.path().join("other.json");
    here.run(&["keys", &wrong.display().to_string()]);
    let refused = Home::with_database(&url, &wrong).run(&["serve"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("file of keys"), "{said}");
}

#[actix_web::test]
async fn a_server_runs_under_a_role_that_owns_nothing() {
    let (url, _) = cluster::empty_database().await;
    let keys = tempfile::tempdir().expect("a directory");
    let file = keys.path().join("keys.json");
    let owner = Home::with_database(&url, &file);
    owner.run(&["keys", &file.display().to_string()]);
    let db = hoctap::base::db::copy_client(&url).await.expect("a connection");
    db.batch_execute("create role least login").await.expect("a role");
    let least = url.replacen("postgres://postgres@", "postgres://least@", 1);
    let home = Home::with_database(&least, &file);
    assert!(!home.run(&["migrate"]).status.success(), "it may not make tables");

    let migrated = owner.run(&["migrate", "--grant-to", "least"]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    let server = home.serve(&[]);
    let token = administrator(&home, &server).await;
    assert_eq!(add_user(&server, &token, "moi.13669").await, 201);
    let db = hoctap::base::db::copy_client(&least).await.expect("a connection");
    for forbidden in [
        "update audit_entries set items = 0",
        "delete from audit_items",
        "update audit_values set value = ''",
        "delete from audit_heads",
        "truncate audit_entries",
        "alter table audit_entries disable trigger all",
        "drop table titles",
        "create table mine ()",
        "delete from __diesel_schema_migrations",
    ] {
        let refused = db.batch_execute(forbidden).await.expect_err(forbidden);
        let code = refused.code().map(|code| code.code().to_owned());
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {refused}");
    }
    assert!(server.stop().success());
}

#[test]
fn what_cannot_start_says_why() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind(&home.listen).expect("the port");
    let said = home.run(&["serve"]);
    assert!(!said.status.success());
    assert!(String::from_utf8_lossy(&said.stderr).contains(&home.listen));
    drop(taken);
    let mut command = home.command(env!("CARGO_BIN_EXE_hoctap"));
    let said = command.arg("serve").env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/x").output();
    let said = said.expect("the program");
    assert!(!said.status.success());
    assert!(String::from_utf8_lossy(&said.stderr).contains("HOCTAP_KEYS"));
    let said = home
        .command(env!("CARGO_BIN_EXE_hoctap"))
        .arg("serve")
        .env("HOCTAP_PG_BIN", "/nowhere")
        .output();
    let said = said.expect("the program");
    assert!(!said.status.success());
    assert!(String::from_utf8_lossy(&said.stderr).contains("package `postgresql`"));
}

#[test]
fn help_explains_every_command_and_variable() {
    let help = Home::new().run(&["--help"]);
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    for variable in hoctap::base::config::VARIABLES {
        assert!(text.contains(variable.name) && text.contains(variable.meaning), "{text}");
    }
    for command in ["serve", "migrate", "keys", "user", "audit", "verify", "openapi"] {
        let line = text.lines().find(|line| line.trim_start().starts_with(&format!("{command} ")));
        assert!(line.is_some_and(|l| l.trim().len() > command.len() + 10), "{command}: {text}");
    }
}

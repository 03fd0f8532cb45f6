//! Lists of thousands: every statement's cost is that of its rows, whatever the planner believes.

use std::fmt::Write;

use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::lists::{apply, csv, id, send};
use crate::support::plans::{Plans, refuse_scans, rows_read_by};
use crate::support::records::{COMMUNE, NEIGHBOUR};
use crate::support::{Client, TestApp};

/// A list of `n` families of which the `bad`th of each hundred has an unreadable year.
fn families(n: usize, prefix: &str, bad: Option<usize>) -> Vec<u8> {
    let rows: Vec<String> = (0..n)
        .map(|i| {
            let born = if bad == Some(i % 100) { "hai".to_owned() } else { year(i) };
            format!("{};{};{born};4;85", i + 1, name(prefix, i))
        })
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    csv("STT;Họ và tên chủ hộ;Năm sinh;Số nhân khẩu;Điểm tự chấm", &rows)
}

/// Names that are not near each other.
fn name(prefix: &str, mut i: usize) -> String {
    const WORDS: &[&str] = &["An", "Bình", "Cường", "Dũng", "Giang", "Hùng", "Khánh", "Long"];
    let mut name = prefix.to_owned();
    for _ in 0..6 {
        write!(name, " {}", WORDS[i % WORDS.len()]).unwrap();
        i /= WORDS.len();
    }
    name
}

fn year(i: usize) -> String {
    (1940 + i % 60).to_string()
}

/// Enters a list in another commune.
async fn enter_beside(app: &TestApp, area: &str, list: Vec<u8>) {
    let recorder = app.user(Role::Recorder, area).await;
    let path = format!("/imports?kind=family&year=2026&area={area}");
    let call = recorder.call(Method::POST, &path).header("prefer", "wait=60");
    let import = call.bytes(list).send().await.is(200);
    apply(&recorder, &import, true).await;
}

/// A list sent and applied twice, with some bad rows; the second time nothing changes.
async fn twice(recorder: &Client<'_>, list: &[u8], good: usize) {
    for changed in [good, 0] {
        let import = send(recorder, "family&year=2026", list.to_vec()).await;
        let done = apply(recorder, &import, false).await;
        assert_eq!(done["summary"]["changed"], changed, "{:#}", done["summary"]);
    }
}

#[actix_web::test]
async fn a_large_list_reads_its_own_rows_and_no_others_however_large_the_register() {
    let app = TestApp::start().await;
    let mut plans = Plans::watch(&app).await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    enter_beside(&app, NEIGHBOUR, families(3_000, "Trần", None)).await;
    plans.take().await;
    twice(&recorder, &families(1_000, "Lê", Some(7)), 990).await;
    let small = plans.take().await;
    assert!(small.len() > 50, "{} plans", small.len());
    refuse_scans(&small);
    enter_beside(&app, "13693", families(3_000, "Phạm", None)).await;
    plans.take().await;
    // As many again, which differ from the others.
    twice(&recorder, &families(1_000, "Vũ", Some(7)), 990).await;
    let large = plans.take().await;
    refuse_scans(&large);
    let growth = rows_read_by(&large) / rows_read_by(&small);
    assert!(growth < 2.2, "{growth}");
}

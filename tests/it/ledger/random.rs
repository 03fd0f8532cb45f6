//! Thousands of random changes by many people, one after the other and at once: whatever happened,
//! the figures are the records and the chains hold.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDate;
use diesel::sql_types::{Array, BigInt, Date, Text};
use diesel_async::RunQueryDsl;
use futures_util::future::{join, join_all};
use hoctap::access::Role;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::support::compare::compare;
use crate::support::proof::prove;
use crate::support::records::{COMMUNE, NEIGHBOUR, PROVINCE, close_day, decision, record};
use crate::support::recount::recount;
use crate::support::{Answer, Client, TestApp};

const COMMUNES: [&str; 3] = [COMMUNE, NEIGHBOUR, "13699"];

/// Somebody at work in one commune, who knows only what the answers said.
struct Worker<'a> {
    commune: &'static str,
    recorder: Client<'a>,
    approver: Client<'a>,
    rng: StdRng,
    /// What was answered of titles and holders, and the version with it.
    answered: Vec<(String, String)>,
    tally: BTreeMap<u16, usize>,
    changed: u64,
}

impl Worker<'_> {
    fn pick<'v>(&mut self, all: &'v [Value]) -> Option<&'v Value> {
        (!all.is_empty()).then(|| &all[self.rng.random_range(0..all.len())])
    }

    /// One to eight of them.
    fn some<'v>(&mut self, all: &'v [Value]) -> Vec<&'v Value> {
        let n = self.rng.random_range(1..=8.min(all.len().max(1)));
        let from = self.rng.random_range(0..=all.len().saturating_sub(n));
        all.iter().skip(from).take(n).collect()
    }

    fn heard(&mut self, answer: Answer) -> Option<Value> {
        *self.tally.entry(answer.status).or_default() += 1;
        let fine = answer.status < 300;
        if fine && let Some(version) = answer.body["version"].as_str() {
            let id = match answer.body["holder_id"].as_str() {
                Some(holder) => format!(
                    "title:{holder}/{}/{}",
                    answer.body["year"],
                    answer.body["level"].as_str().unwrap()
                ),
                None if answer.body["reference"].is_string() => {
                    format!("decision:{}", answer.body["id"].as_str().unwrap())
                }
                None => format!("holder:{}", answer.body["id"].as_str().unwrap()),
            };
            self.answered.push((id, version.to_owned()));
        }
        fine.then_some(answer.body)
    }

    async fn titles(&mut self, query: &str) -> Vec<Value> {
        let path = format!("/titles?area={}&limit=40{query}", self.commune);
        let page = self.recorder.get(&path).await.is(200);
        page["items"].as_array().unwrap().clone()
    }

    async fn enter(&mut self) {
        let number = self.rng.next_u32();
        let (kind, group) = match number % 3 {
            0 => ("citizen", json!(["farmers", "workers", "officials"][number as usize / 3 % 3])),
            1 => ("clan", Value::Null),
            _ => ("family", Value::Null),
        };
        let body = json!({
            "kind": kind,
            "area": self.commune,
            "name": format!("Người thứ {number}"),
            "group": group,
        });
        let made = self.recorder.post("/holders", body).await;
        self.changed += 1;
        let Some(holder) = self.heard(made) else { return };
        for year in [2025, 2026] {
            let path =
                format!("/holders/{}/titles/{year}/commune", holder["code"].as_str().unwrap());
            let made = self.recorder.put(&path, json!({})).await;
            self.changed += 1;
            self.heard(made);
        }
    }

    async fn step_one(&mut self) {
        let titles = self.titles("").await;
        let Some(title) = self.pick(&titles) else { return };
        let path = format!(
            "/holders/{}/titles/{}/{}",
            title["holder_id"].as_str().unwrap(),
            title["year"],
            title["level"].as_str().unwrap()
        );
        let total = self.rng.random_range(60..100);
        let answer = match self.rng.random_range(0..8) {
            0 => self.recorder.delete(&path, title).await,
            1 => self.recorder.patch(&path, title, json!({"own_score": {"total": total}})).await,
            2 | 3 => {
                let body = json!({"score": {"total": total}});
                self.recorder.step(&format!("{path}/assess"), title, body).await
            }
            4 | 5 => self.recorder.step(&format!("{path}/verify"), title, json!({})).await,
            step => {
                let step = ["withdraw", "reopen"][step - 6];
                let body = json!({"reason": "Ngẫu nhiên"});
                self.recorder.step(&format!("{path}/{step}"), title, body).await
            }
        };
        self.changed += u64::from(answer.status < 300);
        self.heard(answer);
    }

    async fn step_many(&mut self) {
        let (status, step) = [
            ("registered", "withdraw"),
            ("self_assessed", "verify"),
            ("self_assessed", "verify"),
            ("self_assessed", "return"),
            ("withdrawn", "reopen"),
            ("revoked", "reopen"),
            ("not_recognised", "reopen"),
        ][self.rng.random_range(0..7)];
        let titles = self.titles(&format!("&status={status}")).await;
        let some = self.some(&titles);
        if some.is_empty() {
            return;
        }
        let records: Vec<Value> = some.into_iter().map(record).collect();
        let body = json!({"step": step, "reason": "Ngẫu nhiên", "records": records});
        let answer = self.recorder.post("/titles/steps", body).await;
        if answer.status == 200 {
            self.changed += answer.body["changed"].as_u64().unwrap();
        }
        *self.tally.entry(answer.status).or_default() += 1;
    }

    async fn decide(&mut self) {
        let year = self.rng.random_range(2025..=2026);
        let verified = self.titles(&format!("&status=verified&year={year}")).await;
        let recognised = self.titles(&format!("&status=recognised&year={year}")).await;
        let mut parts = Vec::new();
        for (action, titles) in [("recognise", &verified), ("revoke", &recognised)] {
            let some = self.some(titles);
            if !some.is_empty() && (action == "recognise" || self.rng.random_range(0..4) == 0) {
                let records: Vec<Value> = some.into_iter().map(record).collect();
                let action = if action == "recognise" && self.rng.random_range(0..4) == 0 {
                    "decline"
                } else {
                    action
                };
                parts.push(json!({"action": action, "records": records, "reason": "Ngẫu nhiên"}));
            }
        }
        if parts.is_empty() {
            return;
        }
        let number = format!("{}", self.rng.next_u32());
        let mut paper = decision(&number, json!(parts));
        paper["authority"]["area"] = json!(self.commune);
        let answer = self.approver.post("/decisions", paper).await;
        if answer.status == 201 {
            let records = |part: &Value| part["records"].as_array().unwrap().len() as u64;
            self.changed += parts.iter().map(records).sum::<u64>();
        }
        self.heard(answer);
    }

    async fn correct(&mut self) {
        let path = format!("/holders?area={}&kind=citizen&limit=40", self.commune);
        let page = self.recorder.get(&path).await.is(200);
        let holders = page["items"].as_array().unwrap();
        let Some(holder) = self.pick(holders) else { return };
        let group = ["farmers", "workers", "learners"][self.rng.random_range(0..3)];
        let path = format!("/holders/{}", holder["id"].as_str().unwrap());
        let answer = self.recorder.patch(&path, holder, json!({"group": group})).await;
        self.changed += u64::from(answer.status < 300);
        self.heard(answer);
    }

    async fn work(&mut self, rounds: usize) {
        for _ in 0..rounds {
            match self.rng.random_range(0..10) {
                0..3 => self.enter().await,
                3..6 => self.step_one().await,
                6..8 => self.step_many().await,
                8 => self.decide().await,
                _ => self.correct().await,
            }
        }
    }
}

#[actix_web::test]
async fn whatever_is_done_and_in_what_order_the_figures_are_the_records() {
    let seed = std::env::var("HOCTAP_SEED").ok().and_then(|s| s.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| rand::rng().next_u64());
    println!("HOCTAP_SEED={seed}");
    let app = TestApp::start_with(|config| {
        config.workers = 2;
        config.pool = 16;
    })
    .await;
    // The province's approver serves the last commune, which has none.
    let provincial = app.user(Role::Approver, PROVINCE).await;
    let mut workers = Vec::new();
    for (n, commune) in COMMUNES.into_iter().enumerate() {
        let approver = match n {
            2 => provincial.clone(),
            _ => app.user(Role::Approver, commune).await,
        };
        // Two people share a commune and step on each other's toes.
        for person in 0..2 {
            let name = format!("recorder {commune} {person}");
            workers.push(Worker {
                commune,
                recorder: app.named_user(&name, Role::Recorder, commune).await,
                approver: approver.clone(),
                rng: StdRng::seed_from_u64(seed.wrapping_add(workers.len() as u64)),
                answered: Vec::new(),
                tally: BTreeMap::new(),
                changed: 0,
            });
        }
    }
    for worker in &mut workers {
        worker.work(20).await;
        close_day(&app).await;
    }
    prove(&app).await;
    // Days end while people work.
    let midnights = async {
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            close_day(&app).await;
        }
    };
    join(join_all(workers.iter_mut().map(|worker| worker.work(400))), midnights).await;
    close_day(&app).await;
    prove(&app).await;
    recount(&app).await;
    let changed: u64 = workers.iter().map(|w| w.changed).sum();
    let mut tally: BTreeMap<u16, usize> = BTreeMap::new();
    for worker in &workers {
        for (status, n) in &worker.tally {
            *tally.entry(*status).or_default() += n;
        }
    }
    println!("{changed} changes, answers {tally:?}");
    assert!(changed > 2_000, "only {changed} changes");
    every_answered_version_is_an_entry(&app, &workers).await;
    explain_every_day(&app).await;
}

/// Whatever two closed days are compared, the difference is what the figures of each say it is, and
/// its entries account for it.
async fn explain_every_day(app: &TestApp) {
    let auditor = app.named_user("explaining", Role::Auditor, "VN").await;
    #[derive(diesel::QueryableByName)]
    struct Closed {
        #[diesel(sql_type = Date)]
        day: NaiveDate,
    }
    let days: Vec<Closed> = diesel::sql_query("select day from closed_days order by day")
        .load(&mut app.db().await)
        .await
        .unwrap();
    let days: Vec<NaiveDate> = days.into_iter().map(|closed| closed.day).collect();
    let last = days[days.len() - 1];
    let mut rows = 0;
    for (from, to) in [(days[0], days[1]), (days[2], days[5]), (days[0], last)] {
        let question = "year_from=2025&year_to=2026&area=37&depth=commune&by=group,grade";
        rows += compare(&auditor, question, from, to, "recorded").await;
    }
    let question = "year_from=2025&year_to=2026&depth=province";
    rows += compare(&auditor, question, days[3], last, &last.to_string()).await;
    assert!(rows > 50, "{rows}");
}

/// Whatever version a caller was ever given names the entry that made it.
async fn every_answered_version_is_an_entry(app: &TestApp, workers: &[Worker<'_>]) {
    let (mut things, mut versions) = (Vec::new(), Vec::new());
    for (thing, version) in workers.iter().flat_map(|w| &w.answered) {
        things.push(&**thing);
        versions.push(&**version);
    }
    #[derive(diesel::QueryableByName)]
    struct Missing {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let missing: Missing = diesel::sql_query(
        "select count(*) as n
         from unnest($1, $2) u (thing, version)
         where not exists (
             select from audit_items i
             where i.area_id || '-' || i.seq = u.version and i.entity || ':' || i.entity_id = u.thing)",
    )
    .bind::<Array<Text>, _>(things)
    .bind::<Array<Text>, _>(versions)
    .get_result(&mut app.db().await)
    .await
    .unwrap();
    assert_eq!(missing.n, 0, "answered versions that no entry made");
}

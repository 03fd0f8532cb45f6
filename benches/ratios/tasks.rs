//! What is measured, one function for each line or two of the result.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hoctap::access::{Act, Role};
use hoctap::areas::Areas;
use hoctap::base::db;
use hoctap::base::kind::{Level, Year};
use hoctap::base::version::Version;
use hoctap::register::criteria::Score;
use hoctap::register::titles::choice::{Choice, RecordRef};
use hoctap::register::titles::{Step, change};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::load::{self, Outcome, ask};
use crate::register::{Cluster, Register, Server, Tokens};
use crate::{Budget, Measured, setting, statements};

/// How many clients ask at once, as in the weeks of December.
const CLIENTS: usize = 32;
/// How many things a question is asked of in turn, each a script of pgbench.
const SAMPLE: usize = 40;

fn seconds() -> u64 {
    setting("HOCTAP_BENCH_SECONDS", 30)
}

/// The median of as many rounds as were asked for.
async fn median(mut round: impl AsyncFnMut() -> f64) -> f64 {
    let mut found = Vec::new();
    for _ in 0..setting("HOCTAP_BENCH_ROUNDS", 3) {
        found.push(round().await);
    }
    found.sort_by(f64::total_cmp);
    found[found.len() / 2]
}

async fn ids(register: &Register, query: &str) -> Vec<String> {
    let client = db::copy_client(&register.url).await.expect("the database");
    let rows = client.query(query, &[]).await.expect(query);
    rows.iter().map(|row| row.get(0)).collect()
}

pub async fn start_and_idle(register: &Register) -> Vec<Measured> {
    // The first start closes the days that have passed.
    register.serve().stop();
    let mut idle = 0;
    let took = median(async || {
        let server = register.serve();
        tokio::time::sleep(Duration::from_secs(3)).await;
        idle = idle.max(server.memory("VmRSS"));
        let took = server.started_in.as_secs_f64();
        server.stop();
        took
    });
    let took = took.await;
    let idle = idle as f64 / 1_000.0;
    vec![
        Measured {
            what: "start with DATABASE_URL (s)",
            ours: format!("{took:.2} s"),
            theirs: String::new(),
            measure: took,
            budget: Budget::AtMost(0.5),
        },
        Measured {
            what: "idle memory, 2 workers (MB)",
            ours: format!("{idle:.0} MB"),
            theirs: String::new(),
            measure: idle,
            budget: Budget::AtMost(40.0),
        },
    ]
}

/// A holder by id, and the first 20 of a commune.
pub async fn reads(
    cluster: &Cluster,
    register: &Register,
    server: &Server,
    tokens: &Tokens,
) -> Vec<Measured> {
    let sample = format!("from holders order by md5(id::text) limit {SAMPLE}");
    let holders = ids(register, &format!("select id::text {sample}")).await;
    let communes = "select v.code from area_versions v join areas a on a.id = v.area_id
         where a.level = 'commune' and v.valid_to is null order by md5(v.code)";
    let communes = ids(register, &format!("{communes} limit {SAMPLE}")).await;
    let holders = holders.iter().map(|id| format!("{}/holders/{id}", server.api)).collect();
    let communes = communes
        .iter()
        .map(|code| format!("{}/holders?area={code}&limit=20", server.api))
        .collect();
    vec![
        read(cluster, register, tokens, "read a holder by id", holders).await,
        read(cluster, register, tokens, "list a commune, 20 rows", communes).await,
    ]
}

async fn read(
    cluster: &Cluster,
    register: &Register,
    tokens: &Tokens,
    what: &'static str,
    urls: Vec<String>,
) -> Measured {
    let client = load::client();
    let mut scripts = Vec::new();
    statements::record(cluster, true).await;
    for url in &urls {
        // Asked twice: the first may prepare what stays prepared.
        for last in [false, true] {
            let from = cluster.log().len();
            let answer = load::get(&client, url, &tokens.auditor).send().await.expect("an answer");
            answer.error_for_status().expect("200").bytes().await.expect("a body");
            if last {
                scripts.push(statements::since(cluster, from));
            }
        }
    }
    statements::record(cluster, false).await;
    let urls = Arc::new(urls);
    let ours = median(async || {
        let (client, urls, token) = (client.clone(), urls.clone(), tokens.auditor.clone());
        let most = Some(Duration::from_secs(seconds()));
        let next = move |n: usize| Some(load::get(&client, &urls[n % urls.len()], &token));
        ask(CLIENTS, most, 200, next).await.per_second()
    });
    let ours = ours.await;
    let theirs = median(async || statements::pgbench(cluster, register, &scripts, seconds())).await;
    Measured {
        what,
        ours: format!("{ours:.0}/s"),
        theirs: format!("pgbench, {} statements: {theirs:.0}/s", scripts[0].len()),
        measure: ours / theirs,
        budget: Budget::AtLeast(0.25),
    }
}

/// The figures of the country, asked by clients that have them already.
pub async fn not_modified(server: &Server, tokens: &Tokens) -> Measured {
    let client = load::client();
    let url = format!("{}/statistics?depth=province&year_from=2026", server.api);
    let first = load::get(&client, &url, &tokens.auditor).send().await.expect("an answer");
    let tag = first.headers()["etag"].clone();
    let ours = median(async || {
        let (client, url) = (client.clone(), url.clone());
        let (token, tag) = (tokens.auditor.clone(), tag.clone());
        let most = Some(Duration::from_secs(seconds()));
        let next =
            move |_| Some(load::get(&client, &url, &token).header("if-none-match", tag.clone()));
        ask(CLIENTS, most, 304, next).await.per_second()
    });
    let ours = ours.await;
    Measured {
        what: "304 (a second)",
        ours: format!("{ours:.0}/s"),
        theirs: String::new(),
        measure: ours,
        budget: Budget::AtLeast(5_000.0),
    }
}

/// All titles as CSV, beside the same query by psql.
pub async fn export(
    cluster: &Cluster,
    register: &Register,
    server: &Server,
    tokens: &Tokens,
) -> Vec<Measured> {
    let client = load::client();
    let url = format!("{}/exports/titles?format=csv", server.api);
    statements::record(cluster, true).await;
    let (mut bytes, from) = (0, cluster.log().len());
    let ours = median(async || {
        let begin = Instant::now();
        let answer = load::get(&client, &url, &tokens.auditor).send().await.expect("an answer");
        let mut answer = answer.error_for_status().expect("200");
        bytes = 0;
        while let Some(part) = answer.chunk().await.expect("a part") {
            bytes += part.len();
        }
        begin.elapsed().as_secs_f64()
    });
    let ours = ours.await;
    let sent = statements::since(cluster, from);
    statements::record(cluster, false).await;
    let query = sent.iter().filter(|sql| sql.contains("\"titles\"")).max_by_key(|sql| sql.len());
    let query = query.expect("the query").replace('\n', " ");
    let file = cluster.shared_dir().join("titles.csv");
    let theirs = median(async || {
        let begin = Instant::now();
        statements::psql(
            cluster,
            register,
            &format!("\\copy ({query}) to '{}' with (format csv)", file.display()),
        );
        begin.elapsed().as_secs_f64()
    });
    let theirs = theirs.await;
    let memory = server.memory("VmHWM") as f64 / 1_000.0;
    vec![
        Measured {
            what: "export of all titles as CSV",
            ours: format!("{ours:.1} s, {:.0} MB", bytes as f64 / 1e6),
            theirs: format!("psql \\copy of the query: {theirs:.1} s"),
            measure: theirs / ours,
            budget: Budget::AtLeast(0.7),
        },
        Measured {
            what: "memory of the server meanwhile (MB)",
            ours: format!("{memory:.0} MB"),
            theirs: String::new(),
            measure: memory,
            budget: Budget::AtMost(100.0),
        },
    ]
}

/// One title assessed, with the whole ledger, over many communes; beside the same calls within this
/// process, without HTTP.
pub async fn steps(register: &Register, server: &Server, tokens: &Tokens) -> Measured {
    let open = "select holder_id::text from titles where year = 2026 and status = 'registered'
         order by md5(holder_id::text)";
    let open = Arc::new(ids(register, open).await);
    let next = Arc::new(AtomicUsize::new(0));
    let client = load::client();
    let most = Duration::from_secs(seconds());
    let ours = median(async || {
        let (client, open, next) = (client.clone(), open.clone(), next.clone());
        let (api, token) = (server.api.clone(), tokens.recorder.clone());
        let request = move |_| {
            let id = open.get(next.fetch_add(1, Ordering::Relaxed))?;
            let url = format!("{api}/holders/{id}/titles/2026/commune/assess");
            let request = client.request(Method::POST, url).bearer_auth(&token);
            let known = format!("\"{}\"", Version::NEVER);
            let body = json!({"score": {"total": 90}});
            Some(request.header("if-match", known).json(&body))
        };
        ask(CLIENTS, Some(most), 200, request).await.per_second()
    });
    let ours = ours.await;
    let mut db = db::connect(&register.url).await.expect("the database");
    let areas = Arc::new(Areas::load(&mut db).await.expect("the areas"));
    let theirs = median(async || {
        let begin = Instant::now();
        let threads = (0..2).map(|_| {
            let (url, areas) = (register.url.clone(), areas.clone());
            let (open, next) = (open.clone(), next.clone());
            tokio::task::spawn_blocking(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let next = || open.get(next.fetch_add(1, Ordering::Relaxed)).map(String::as_str);
                let until = begin + most;
                let connections = (0..8).map(|_| assess(&url, &areas, until, next));
                runtime.expect("a runtime").block_on(join_all(connections)).into_iter().sum::<u32>()
            })
        });
        let done = join_all(threads).await.into_iter().map(|n| n.expect("a thread")).sum::<u32>();
        f64::from(done) / begin.elapsed().as_secs_f64()
    });
    let theirs = theirs.await;
    Measured {
        what: "one step with the whole ledger",
        ours: format!("{ours:.0}/s"),
        theirs: format!("the same calls without HTTP: {theirs:.0}/s"),
        measure: ours / theirs,
        budget: Budget::AtLeast(0.5),
    }
}

/// Assesses one title after the other on one connection; how many it was.
async fn assess<'a>(
    url: &str,
    areas: &Areas,
    until: Instant,
    next: impl Fn() -> Option<&'a str>,
) -> u32 {
    let mut db = db::connect(url).await.expect("the database");
    let act = Act::of_the_product(areas.country(), Role::Recorder);
    let score: Score = serde_json::from_value(json!({"total": 90})).expect("a score");
    let mut done = 0;
    while Instant::now() < until
        && let Some(id) = next()
    {
        let record = RecordRef {
            holder_id: id.parse::<Uuid>().expect("an id"),
            year: Year::try_from(2026).expect("a year"),
            level: Level::Commune,
            version: Version::NEVER,
        };
        let choice = Choice::Records { at: String::new(), records: vec![record] };
        let stepped = change::step(&mut db, &act, areas, &choice, Step::Assess, Some(&score), None);
        stepped.await.expect("a step");
        done += 1;
    }
    done
}

/// The country by province, one year, all kinds: asked again, and of days that nobody asked of yet.
pub async fn figures(
    small: &Register,
    large: &Register,
    server: &Server,
    tokens: &Tokens,
) -> Vec<Measured> {
    let client = load::client();
    let url = format!("{}/statistics?depth=province&year_from=2026", server.api);
    let token = tokens.auditor.clone();
    let warm = ask(1, Some(Duration::from_secs(seconds())), 200, move |_| {
        Some(load::get(&client, &url, &token))
    })
    .await;
    let new = of_new_days(large, server, &tokens.auditor).await;
    let less = {
        let server = small.serve();
        let tokens = small.log_in(&server).await;
        let found = of_new_days(small, &server, &tokens.auditor).await;
        server.stop();
        found
    };
    vec![
        Measured {
            what: "statistics of the country, warm, p99 (ms)",
            ours: format!("{:.0}/s", warm.per_second()),
            theirs: String::new(),
            measure: warm.percentile(0.99),
            budget: Budget::AtMost(20.0),
        },
        Measured {
            what: "the same of a new closed day, p99 (ms)",
            ours: format!("{} days", new.latencies.len()),
            theirs: String::new(),
            measure: new.percentile(0.99),
            budget: Budget::AtMost(300.0),
        },
        Measured {
            what: "the same against a tenth of the titles",
            ours: format!("{:.1} ms", new.percentile(0.5)),
            theirs: format!("{:.1} ms", less.percentile(0.5)),
            measure: new.percentile(0.5) / less.percentile(0.5),
            budget: Budget::AtMost(1.2),
        },
    ]
}

async fn of_new_days(register: &Register, server: &Server, token: &str) -> Outcome {
    let days = ids(register, "select day::text from closed_days order by day desc").await;
    let (client, token, api) = (load::client(), token.to_owned(), server.api.clone());
    ask(1, None, 200, move |n| {
        let day = days.get(n)?;
        let url = format!("{api}/statistics?depth=province&year_from=2026&as_of={day}");
        Some(load::get(&client, &url, &token))
    })
    .await
}

/// A list of 100,000 families, checked and entered; beside `copy` of all that it left.
pub async fn import(cluster: &Cluster, register: &Register) -> Vec<Measured> {
    cluster.run("postgres", &format!("create database bare template {}", register.name)).await;
    let server = register.serve();
    let tokens = register.log_in(&server).await;
    enter(&server, &tokens, "00070", 10_000).await;
    let little = server.memory("VmHWM");
    server.stop();
    let server = register.serve();
    let tokens = register.log_in(&server).await;
    let (import, checked, took) = enter(&server, &tokens, "13669", 100_000).await;
    let much = server.memory("VmHWM");
    server.stop();
    let tables = [
        ("holders", "id in (select holder_id from titles where import_id = $import)"),
        ("titles", "import_id = $import"),
        (
            "title_states",
            "(holder_id, year, level) in (select holder_id, year, level from titles
                                          where import_id = $import)",
        ),
        ("import_rows", "import_id = $import"),
        ("audit_items", "area_id = (select area_id from titles where import_id = $import limit 1)"),
        (
            "audit_values",
            "area_id = (select area_id from titles where import_id = $import limit 1)",
        ),
    ];
    let dir = cluster.shared_dir();
    for (table, which) in tables {
        let which = which.replace("$import", &format!("'{import}'"));
        let file = dir.join(table);
        let copy = format!("copy (select * from {table} where {which}) to '{}'", file.display());
        cluster.run(register.name, &copy).await;
    }
    let begin = Instant::now();
    let copies =
        tables.map(|(table, _)| format!("copy {table} from '{}';", dir.join(table).display()));
    let all = format!("set session_replication_role = replica; begin; {} commit;", copies.concat());
    cluster.run("bare", &all).await;
    let copied = begin.elapsed().as_secs_f64();
    vec![
        Measured {
            what: "import of 100,000 rows",
            ours: format!("{took:.1} s, of which the check {checked:.1} s"),
            theirs: format!("copy of the same rows: {copied:.1} s"),
            measure: copied / took,
            budget: Budget::AtLeast(0.5),
        },
        Measured {
            what: "memory for 100,000 rows against 10,000",
            ours: format!("{:.0} MB", much as f64 / 1_000.0),
            theirs: format!("{:.0} MB", little as f64 / 1_000.0),
            measure: much as f64 / little as f64,
            budget: Budget::AtMost(1.2),
        },
    ]
}

/// Sends and applies a list; its id, the seconds until it was checked, and those of both.
async fn enter(server: &Server, tokens: &Tokens, commune: &str, rows: u32) -> (String, f64, f64) {
    let mut list = String::from("STT;Họ và tên chủ hộ;Năm sinh;Điểm tự chấm\n");
    for n in 1..=rows {
        list += &format!("{n};Trần Thị Đo {n};{};{}\n", 1940 + n % 60, 60 + n % 40);
    }
    let client = load::client();
    let begin = Instant::now();
    let url = format!("{}/imports?kind=family&year=2026&area={commune}", server.api);
    let sent = client.request(Method::POST, url).bearer_auth(&tokens.recorder);
    let sent = sent.header("prefer", "wait=60").body(list).send().await.expect("an answer");
    let mut import: Value = sent.json().await.expect("JSON");
    let id = import["id"].as_str().expect("an import").to_owned();
    let path = format!("{}/imports/{id}", server.api);
    while import["state"] != "checked" {
        assert!(begin.elapsed() < Duration::from_secs(600), "{import:#}");
        tokio::time::sleep(Duration::from_millis(200)).await;
        let answer = load::get(&client, &path, &tokens.recorder).send().await.expect("an answer");
        import = answer.json().await.expect("JSON");
        assert_ne!(import["state"], "failed", "{import:#}");
    }
    assert_eq!(import["summary"]["good"], rows, "{import:#}");
    let checked = begin.elapsed().as_secs_f64();
    let apply = client.request(Method::POST, format!("{path}/apply")).bearer_auth(&tokens.recorder);
    let answer = apply.json(&json!({"atomic": true})).send().await.expect("an answer");
    let import: Value = answer.json().await.expect("JSON");
    assert_eq!(import["state"], "applied", "{import:#}");
    (id, checked, begin.elapsed().as_secs_f64())
}

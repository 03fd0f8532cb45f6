//! Registers of any size, covering all communes, and servers on them.

use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hoctap::access::{Act, Role};
use hoctap::areas::Areas;
use hoctap::base::db;
use hoctap::base::keys::Keys;
use hoctap::register::accounts::rows::{User, UserChange};
use hoctap::server::embedded::{Embedded, Place};
use hoctap::server::setup;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

const PASSWORD: &str = "mật khẩu để đo tốc độ";

/// A PostgreSQL of its own, as `serve` starts it.
pub struct Cluster {
    dir: TempDir,
    /// None when it was stopped.
    embedded: Option<Embedded>,
    pub place: Place,
    keys: PathBuf,
}

/// A register in a database of its own.
pub struct Register {
    pub name: &'static str,
    pub url: String,
    keys: PathBuf,
}

/// A running server.
pub struct Server {
    child: Child,
    pub api: String,
    /// From the start of the process until it listened.
    pub started_in: Duration,
}

/// One token of each role that the tasks need; all at home in the whole country.
pub struct Tokens {
    pub recorder: String,
    pub auditor: String,
}

impl Cluster {
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        // The user `postgres` must reach what lies in it.
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("permissions");
        let embedded = Embedded::start(dir.path(), None).await.expect("PostgreSQL");
        let place = Place::prepare(dir.path(), None).expect("its place");
        let keys = dir.path().join("keys.json");
        Keys::create(&keys).expect("keys");
        Self { dir, embedded: Some(embedded), place, keys }
    }

    fn url(&self, database: &str) -> String {
        let url = self.place.url();
        let cut = url.rfind('/').expect("a path");
        format!("{}/{database}", &url[..cut])
    }

    /// What PostgreSQL wrote into its log.
    pub fn log(&self) -> String {
        let log = std::fs::read(self.dir.path().join("postgres.log")).expect("a log");
        String::from_utf8_lossy(&log).into_owned()
    }

    pub async fn run(&self, database: &str, statements: &str) {
        let client = db::copy_client(&self.url(database)).await.expect("the server");
        client.batch_execute(statements).await.expect(statements);
    }

    /// A directory that PostgreSQL may write into.
    pub fn shared_dir(&self) -> PathBuf {
        let dir = self.dir.path().join("shared");
        std::fs::create_dir_all(&dir).expect("a directory");
        std::fs::set_permissions(&dir, Permissions::from_mode(0o777)).expect("permissions");
        dir
    }

    /// A register with about so many titles of 2025 and 2026, in every commune, known since the
    /// first of November.
    pub async fn register(&self, name: &'static str, titles: u64) -> Register {
        self.run("postgres", &format!("create database {name}")).await;
        let register = Register { name, url: self.url(name), keys: self.keys.clone() };
        let keys = Keys::load(&self.keys).expect("keys");
        let areas = setup::prepare(&register.url, &keys).await.expect("a register");
        register.accounts(&areas).await;
        self.run(name, &FILL.replace("$holders", &(titles / 2).to_string())).await;
        self.run(name, "vacuum analyze").await;
        register
    }

    pub async fn stop(mut self) {
        let embedded = self.embedded.take().expect("it runs");
        embedded.stop().await.expect("the end of PostgreSQL");
    }
}

/// What was not stopped in good order, after a failure, does not stay behind.
impl Drop for Cluster {
    fn drop(&mut self) {
        if self.embedded.is_some()
            && let Ok(file) = std::fs::read_to_string(self.place.data().join("postmaster.pid"))
            && let Some(pid) = file.lines().next().and_then(|line| line.parse().ok())
        {
            let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
        }
    }
}

/// Each of `$holders` has a title of 2025 and one of 2026; the counts are made of the titles.
const FILL: &str = "
    create temporary table communes as
        select a.id, row_number() over (order by a.id) - 1 as n
        from areas a join area_versions v on v.area_id = a.id
        where a.level = 'commune' and v.valid_from <= '2026-01-01' and v.valid_to is null
          and v.known_to is null;
    create temporary table made as
        select gen_random_uuid() as id, g.n, c.id as area,
               (array['family', 'family', 'citizen'])[1 + g.n % 3] as kind,
               case g.n % 3
                   when 2 then (array['farmers', 'workers', 'officials', 'learners'])[1 + g.n / 3 % 4]
                   else '' end as group_code
        from generate_series(1, $holders) g (n)
        join communes c on c.n = g.n % (select count(*) from communes);
    insert into holders (id, kind, area_id, code, name, search_key, group_code, birth_year, details, version)
        select id, kind, area, lpad(to_hex(n), 9, '0'), 'Nguyễn Văn ' || n, 'nguyen van ' || n, group_code,
               1940 + n % 60, '{}', 0
        from made;
    insert into titles (holder_id, year, level, kind, area_id, group_code, status, grade, valid_through,
                        registered_on, difficult, own_score, outcome, hands, version)
        select id, year, 'commune', kind, area, group_code,
               case when year = 2025 then 'recognised' when n % 2 = 0 then 'registered' else 'verified' end,
               '', year, make_date(year, 3, 1), false, '{\"total\": 85}', 'passes', '{}', 0
        from made, (values (2025), (2026)) years (year);
    insert into title_states (holder_id, year, level, n, day, kind, area_id, group_code, status, grade,
                              valid_through)
        select holder_id, year, level, 1, '2026-11-01', kind, area_id, group_code, status, grade,
               valid_through
        from titles;
    insert into title_counts (area_id, placed_id, kind, level, year, group_code, grade, valid_through,
                              registered, verified, recognised)
        select area_id, 0, kind, level, year, group_code, grade, valid_through,
               count(*) filter (where status = 'registered'), count(*) filter (where status = 'verified'),
               count(*) filter (where status = 'recognised')
        from titles group by 1, 2, 3, 4, 5, 6, 7, 8;
    insert into count_changes select date '2026-11-01', c.* from title_counts c;
    insert into closed_days (day) values ('2026-10-31');
    drop table made;";

impl Register {
    async fn accounts(&self, areas: &Areas) {
        let mut db = db::connect(&self.url).await.expect("the database");
        let product = Act::of_the_product(areas.country(), Role::Administrator);
        let hash = hoctap::register::accounts::hash_password(PASSWORD).expect("a hash");
        for role in [Role::Recorder, Role::Auditor] {
            let full_name = "Người Đo".to_owned();
            let change = UserChange { full_name, role, area_id: areas.country(), disabled: false };
            User::create(&mut db, &product, change, role.as_str(), &hash, false)
                .await
                .expect("an account");
        }
    }

    /// Starts a server and waits until it listens.
    pub fn serve(&self) -> Server {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
        let listen = free.expect("a free port").to_string();
        let begin = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_hoctap"))
            .arg("serve")
            .env("DATABASE_URL", &self.url)
            .env("HOCTAP_KEYS", &self.keys)
            .env("HOCTAP_LISTEN", &listen)
            .env("HOCTAP_WORKERS", "2")
            .env("HOCTAP_RATE_LIMIT", "off")
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut said = String::new();
        while !said.contains("listens") {
            assert!(out.read_line(&mut said).expect("text") > 0, "the server has ended: {said}");
        }
        let started_in = begin.elapsed();
        // What else it says is not read, but the pipe stays open.
        std::mem::forget(out);
        Server { child, api: format!("http://{listen}/api/v1"), started_in }
    }

    pub async fn log_in(&self, server: &Server) -> Tokens {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let token = async |username: &str| {
            let login = json!({"username": username, "password": PASSWORD});
            let sent = http.post(format!("{}/auth/login", server.api)).json(&login).send().await;
            let body: Value = sent.expect("an answer").json().await.expect("JSON");
            body["access_token"].as_str().expect("a token").to_owned()
        };
        Tokens { recorder: token("recorder").await, auditor: token("auditor").await }
    }
}

impl Server {
    /// Kilobytes of memory: now (`VmRSS`) or at the most so far (`VmHWM`).
    pub fn memory(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the process");
        let line = status.lines().find(|line| line.starts_with(what)).expect("its memory");
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
    }

    /// Stops it in good order.
    pub fn stop(self) {}
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGINT);
        let _ = self.child.wait();
    }
}

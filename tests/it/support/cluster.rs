//! One private PostgreSQL for all tests of the process, without care for a crash: it is thrown away.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use hoctap::base::db;
use hoctap::base::keys::Keys;
use hoctap::server::embedded::Embedded;
use hoctap::server::setup;

struct Cluster {
    /// What PostgreSQL logs.
    log: PathBuf,
    /// Of the template.
    url: String,
    keys: Arc<Keys>,
    /// Ends the database and removes its files as soon as this process has ended, however it did.
    _watcher: Child,
}

/// A new register, and the keys that belong to it.
pub async fn new_register() -> (String, Arc<Keys>) {
    let (url, keys) = new_database("template hoctap").await;
    (url, keys)
}

/// A new database with nothing in it.
pub async fn empty_database() -> (String, Arc<Keys>) {
    new_database("").await
}

/// What PostgreSQL logs, each line behind the name of its database.
pub fn log() -> PathBuf {
    cluster().log.clone()
}

async fn new_database(of: &str) -> (String, Arc<Keys>) {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let cluster = cluster();
    let name = format!("register_{}", LAST.fetch_add(1, Ordering::Relaxed));
    let server = db::copy_client(&at(&cluster.url, "postgres")).await.expect("the server");
    server.batch_execute(&format!("create database {name} {of}")).await.expect("a database");
    (at(&cluster.url, &name), cluster.keys.clone())
}

fn at(url: &str, database: &str) -> String {
    let cut = url.rfind('/').expect("a path");
    format!("{}/{database}", &url[..cut])
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    // Tests have runtimes of their own, and the server must outlive them all.
    CLUSTER.get_or_init(|| {
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
            runtime.expect("a runtime").block_on(start())
        })
        .join()
        .expect("a cluster")
    })
}

/// In memory, where there is room for a database of every test; else among the temporary files.
fn home() -> PathBuf {
    const MEMORY: &str = "/dev/shm";
    const ROOM: u64 = 12 << 30;
    let free = Command::new("df").args(["--output=avail", "--block-size=1", MEMORY]).output().ok();
    let free = free.and_then(|out| {
        String::from_utf8(out.stdout).ok()?.lines().last()?.trim().parse::<u64>().ok()
    });
    if free.is_some_and(|free| free >= ROOM) { MEMORY.into() } else { std::env::temp_dir() }
}

async fn start() -> Cluster {
    let dir = tempfile::tempdir_in(home()).expect("a directory").keep();
    // The user `postgres` must reach what lies in it.
    std::fs::set_permissions(&dir, Permissions::from_mode(0o755)).expect("permissions");
    let watcher = Command::new("sh")
        .arg("-c")
        .arg(
            "trap '' INT TERM; cat; pid=$(head -n 1 \"$0/postgres/postmaster.pid\") && kill -QUIT $pid
             while kill -0 $pid; do sleep 0.1; done; rm -rf \"$0\"",
        )
        .arg(&dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a watcher");
    let embedded = Embedded::start(&dir, None).await.expect("PostgreSQL");
    let url = embedded.url();
    std::mem::forget(embedded);
    let server = db::copy_client(&at(&url, "postgres")).await.expect("the server");
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let off = format!("alter system set {setting} = off");
        server.batch_execute(&off).await.expect("a setting");
    }
    let prefix = "alter system set log_line_prefix = '%d: '";
    server.batch_execute(prefix).await.expect("a setting");
    server.batch_execute("select pg_reload_conf()").await.expect("a reload");
    let keys = Arc::new(Keys::generate());
    setup::prepare(&url, &keys).await.expect("the template");
    Cluster { log: dir.join("postgres.log"), url, keys, _watcher: watcher }
}

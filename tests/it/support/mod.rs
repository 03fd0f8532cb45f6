//! The test bench: a register of its own for each test, and callers of every role.

pub mod client;
pub mod cluster;
pub mod compare;
pub mod contract;
pub mod former;
pub mod proof;
pub mod lists;
pub mod plans;
pub mod records;
pub mod server;
pub mod recount;
pub mod source;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use chrono::Days;
use diesel_async::SimpleAsyncConnection;
use hoctap::access::state::Shared;
use hoctap::access::{Act, Role};
use hoctap::areas::Areas;
use hoctap::base::clock::today;
use hoctap::base::config::{Config, SpoolLimits};
use hoctap::base::db::{self, Conn};
use hoctap::base::keys::Keys;
use hoctap::register::accounts;
use hoctap::register::accounts::rows::{User, UserChange};
use hoctap::register::accounts::service_rows::ServiceAccount;
use hoctap::server::app;
use hoctap::server::housekeeping;
use reqwest::Method;
use serde_json::json;

pub use self::client::{Answer, Call, Client, faults};

/// A running server with an empty register: all areas, the criteria sets, no account, no record.
pub struct TestApp {
    pub shared: Arc<Shared>,
    base: String,
    http: reqwest::Client,
    server: ServerHandle,
}

/// Good enough for everyone in a test.
pub const PASSWORD: &str = "mật khẩu của cuộc thử";

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same, with other settings.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let (url, keys) = cluster::new_register().await;
        Self::serve(url, keys, change).await
    }

    /// Another server on the same register.
    pub async fn beside(&self) -> Self {
        Self::serve(self.shared.url.clone(), self.shared.keys.clone(), |_| {}).await
    }

    /// The same under a role of the database that owns nothing.
    pub async fn beside_as(&self, role: &str) -> Self {
        let create = format!("create role {role} login");
        self.db().await.batch_execute(&create).await.expect("a role");
        db::grant(&self.shared.url, role).await.expect("what a server needs");
        let url =
            self.shared.url.replacen("postgres://postgres@", &format!("postgres://{role}@"), 1);
        assert_ne!(url, self.shared.url);
        Self::serve(url, self.shared.keys.clone(), |_| {}).await
    }

    async fn serve(url: String, keys: Arc<Keys>, change: impl FnOnce(&mut Config)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let listen = listener.local_addr().expect("an address");
        let mut config = Config {
            listen,
            data_dir: PathBuf::new(),
            database_url: Some(url.clone()),
            pg_bin: None,
            keys: None,
            trusted_proxies: Vec::new(),
            rate_limit: None,
            workers: 1,
            pool: 8,
            cors_origins: Vec::new(),
            upload_limit: 20 << 20,
            spool: SpoolLimits::default(),
        };
        change(&mut config);
        let mut db = db::connect(&url).await.expect("a connection");
        let areas = Areas::load(&mut db).await.expect("the areas");
        let program = PathBuf::from(env!("CARGO_BIN_EXE_hoctap"));
        let shared = Shared::new(config, keys, url, areas, program);
        let server = app::start(shared.clone(), listener).expect("a server");
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { shared, base: format!("http://{listen}"), http, server: handle }
    }

    /// Where it listens, for what a well-behaved client cannot send.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// A connection to the register below the API, for what no caller may see.
    pub async fn db(&self) -> Conn {
        db::connect(&self.shared.url).await.expect("a connection")
    }

    /// Midnight comes for the `n`th time since today: the days before are closed.
    pub async fn midnight(&self, n: u64) {
        let next = today() + Days::new(n);
        let done = housekeeping::once(&mut self.db().await, &self.shared.keys, next).await;
        done.expect("housekeeping");
    }

    /// Keeps the keys by which anyone checks checkpoints and manifests.
    pub async fn write_proof_keys(&self, file: &Path) {
        let keys = self.stranger().call(Method::GET, "/.well-known/proof-keys.json").at_root();
        std::fs::write(file, keys.send().await.is(200).to_string()).expect("a file");
    }

    pub fn stranger(&self) -> Client<'_> {
        Client { app: self, token: None }
    }

    /// A caller with this access token.
    pub fn bearer(&self, token: &str) -> Client<'_> {
        Client { app: self, token: Some(token.to_owned()) }
    }

    /// Someone new with a role in an area, logged in: `recorder.13669`.
    pub async fn user(&self, role: Role, area: &str) -> Client<'_> {
        self.named_user(&format!("{role}.{area}").to_lowercase(), role, area).await
    }

    pub async fn named_user(&self, username: &str, role: Role, area: &str) -> Client<'_> {
        let areas = self.shared.places.now();
        let area_id = areas.resolve("", area, today()).expect("an area");
        let act = Act::of_the_product(areas.country(), Role::Administrator);
        let full_name = "Trần Thị Thử".to_owned();
        let change = UserChange { full_name, role, area_id, disabled: false };
        let hash = accounts::hash_password(PASSWORD).expect("a hash");
        let mut db = self.db().await;
        User::create(&mut db, &act, change, username, &hash, false).await.expect("a new account");
        self.log_in(username).await
    }

    pub async fn log_in(&self, username: &str) -> Client<'_> {
        let credentials = json!({"username": username, "password": PASSWORD});
        let tokens = self.stranger().post("/auth/login", credentials).await.is(200);
        self.bearer(tokens["access_token"].as_str().expect("a token"))
    }

    /// A dashboard of an area.
    pub async fn dashboard(&self, area: &str) -> Client<'_> {
        let areas = self.shared.places.now();
        let area_id = areas.resolve("", area, today()).expect("an area");
        let act = Act::of_the_product(areas.country(), Role::Administrator);
        let name = format!("dashboard {area}");
        let made = ServiceAccount::create(&mut self.db().await, &act, &name, area_id).await;
        let key = made.expect("a service account").1;
        let tokens = self.stranger().post("/auth/token", json!({"key": key})).await.is(200);
        self.bearer(tokens["access_token"].as_str().expect("a token"))
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Not awaited: the runtime of the test ends with it.
        drop(self.server.stop(false));
    }
}

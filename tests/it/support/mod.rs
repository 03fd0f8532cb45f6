//! The test bench: a register of its own for each test, and callers of every role.

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
use reqwest::{Method, StatusCode, Version as Http};
use serde_json::{Value, json};

/// A running server with an empty register: all areas, the criteria sets, no account, no record.
pub struct TestApp {
    pub shared: Arc<Shared>,
    base: String,
    http: reqwest::Client,
    server: ServerHandle,
}

/// Whoever calls: a stranger, or the holder of an access token.
#[derive(Clone)]
pub struct Client<'a> {
    pub app: &'a TestApp,
    token: Option<String>,
}

/// A request before it is sent.
pub struct Call<'a> {
    client: Client<'a>,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Instead of the app's own.
    http: Option<reqwest::Client>,
}

/// What came back; its form was compared with the contract.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub bytes: Vec<u8>,
    headers: reqwest::header::HeaderMap,
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

impl<'a> Client<'a> {
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    pub fn call(&self, method: Method, path: &str) -> Call<'a> {
        let path =
            if path.starts_with("/api/") { path.to_owned() } else { format!("/api/v1{path}") };
        Call {
            client: self.clone(),
            method,
            path,
            headers: Vec::new(),
            body: Vec::new(),
            http: None,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).send().await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path).json(&body).send().await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path).json(&body).send().await
    }

    /// Changes what `known` is the latest answer on.
    pub async fn patch(&self, path: &str, known: &Value, body: Value) -> Answer {
        self.call(Method::PATCH, path).knowing(known).json(&body).send().await
    }

    pub async fn delete(&self, path: &str, known: &Value) -> Answer {
        self.call(Method::DELETE, path).knowing(known).send().await
    }

    /// A step on what `known` is the latest answer on.
    pub async fn step(&self, path: &str, known: &Value, body: Value) -> Answer {
        self.call(Method::POST, path).knowing(known).json(&body).send().await
    }
}

impl Call<'_> {
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn knowing(self, known: &Value) -> Self {
        let version = known["version"].as_str().expect("a version").to_owned();
        self.header("if-match", format!("\"{version}\""))
    }

    pub fn json(self, body: &Value) -> Self {
        let mut call = self.header("content-type", "application/json");
        call.body = body.to_string().into_bytes();
        call
    }

    pub fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// A path outside `/api/v1`.
    pub fn at_root(mut self) -> Self {
        self.path = self.path.trim_start_matches("/api/v1").to_owned();
        self
    }

    /// The answer as it came over the wire, not unpacked.
    pub async fn raw(mut self) -> Answer {
        let http = reqwest::Client::builder().no_proxy().no_gzip().no_brotli();
        self.http = Some(http.build().expect("a client"));
        self.send().await
    }

    pub async fn send(self) -> Answer {
        let app = self.client.app;
        let mut request = self
            .http
            .as_ref()
            .unwrap_or(&app.http)
            .request(self.method.clone(), format!("{}{}", app.base, self.path))
            .version(Http::HTTP_11)
            .body(self.body);
        if let Some(token) = &self.client.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.expect("a body").to_vec();
        // What is still packed is no JSON, and HEAD brings none.
        let read = !headers.contains_key("content-encoding") && self.method != Method::HEAD;
        let media = headers.get("content-type").map(|v| v.to_str().unwrap().to_owned());
        let media = media.and_then(|m| m.split(';').next().map(str::to_owned)).unwrap_or_default();
        let body = match &*media {
            "application/json" | "application/problem+json" if read => {
                serde_json::from_slice(&bytes).expect("JSON")
            }
            _ => Value::Null,
        };
        let path = self.path.split('?').next().unwrap_or_default();
        if read {
            contract::check(&self.method, path, status, &media, &body);
        }
        assert!(status != StatusCode::INTERNAL_SERVER_ERROR, "{} {path}: {body}", self.method);
        Answer { status: status.as_u16(), body, bytes, headers }
    }
}

impl Answer {
    /// The body, if the status is the expected one.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// The body of a problem with this code.
    #[track_caller]
    pub fn refuses(self, status: u16, code: &str) -> Value {
        let body = self.is(status);
        assert_eq!(body["code"], code, "{body:#}");
        body
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or(""))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).expect("UTF-8")
    }
}

/// The codes of the errors of a problem, with where they point.
pub fn faults(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().expect("errors");
    errors.iter().map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap())).collect()
}

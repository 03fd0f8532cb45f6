//! The program itself as a process, as whoever installs it runs it.

use std::fs::{File, Permissions};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Where a server keeps its data, its settings, and its port.
pub struct Home {
    dir: TempDir,
    pub listen: String,
    settings: Vec<(&'static str, String)>,
}

/// A running server; dropped, it is stopped.
pub struct Server<'a> {
    home: &'a Home,
    child: Child,
    /// What it said when it was ready.
    pub said: String,
}

impl Home {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        // The user `postgres` must reach what lies in it.
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("permissions");
        let mut home = Self { dir, listen: String::new(), settings: Vec::new() };
        home.take_port();
        home
    }

    /// The same with a database and keys of one's own.
    pub fn with_database(url: &str, keys: &Path) -> Self {
        let keys = keys.display().to_string();
        let settings = vec![("DATABASE_URL", url.to_owned()), ("HOCTAP_KEYS", keys)];
        Self { settings, ..Self::new() }
    }

    fn take_port(&mut self) {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
        self.listen = free.expect("a free port").to_string();
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A program with the settings of this home and no others.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for name in ["DATABASE_URL", "HOCTAP_KEYS", "HOCTAP_PG_BIN", "HOCTAP_RATE_LIMIT"] {
            command.env_remove(name);
        }
        command.env("HOCTAP_DATA_DIR", self.data()).env("HOCTAP_LISTEN", &self.listen);
        command.env("RUST_LOG", "warn").envs(self.settings.iter().map(|(n, v)| (n, v)));
        command
    }

    /// Runs a command of the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_hoctap")).args(arguments).output().expect("the program")
    }

    /// Starts the server and waits until it says that it listens.
    pub fn serve(&self, arguments: &[&str]) -> Server<'_> {
        let log = self.dir.path().join("server.log");
        let mut child = self
            .command(env!("CARGO_BIN_EXE_hoctap"))
            .arg("serve")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log).expect("a log"))
            .spawn()
            .expect("the program");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut said = String::new();
        // It says all at once; the first line comes when the rest is written.
        while !said.contains("documentation") {
            if out.read_line(&mut said).expect("text") == 0 {
                let status = child.wait().expect("its end");
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                panic!("{status}: {said}{log}");
            }
        }
        if arguments.contains(&"--demo") {
            while !said.contains("kept in") {
                out.read_line(&mut said).expect("text");
            }
        }
        // Whoever reads no further closes the pipe, which the server must survive.
        drop(out);
        Server { home: self, child, said }
    }

    /// Whether the private database has ended in good order.
    pub fn database_is_stopped(&self) -> bool {
        !self.data().join("postgres/postmaster.pid").exists()
    }

    pub fn database_pid(&self) -> Pid {
        let file = std::fs::read_to_string(self.data().join("postgres/postmaster.pid"));
        Pid::from_raw(file.expect("a pid").lines().next().unwrap().parse().expect("a number"))
    }
}

impl Server<'_> {
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).expect("a signal");
    }

    pub fn wait(mut self) -> ExitStatus {
        let patience = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = self.child.try_wait().expect("its end") {
                return status;
            }
            assert!(Instant::now() < patience, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks for the end and waits for it.
    pub fn stop(self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.wait()
    }

    pub async fn send(&self, token: &str, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("http://{}/api/v1{path}", self.home.listen);
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut request = client.request(method.clone(), url);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if method != Method::GET {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    pub async fn get(&self, token: &str, path: &str) -> Value {
        let (status, body) = self.send(token, Method::GET, path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// An access token.
    pub async fn log_in(&self, username: &str, password: &str) -> String {
        let body = json!({"username": username, "password": password});
        let (status, tokens) = self.send("", Method::POST, "/auth/login", body).await;
        assert_eq!(status, 200, "{tokens}");
        tokens["access_token"].as_str().expect("a token").to_owned()
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::SIGTERM);
            drop(self.child.wait());
        }
    }
}

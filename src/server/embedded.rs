//! The private PostgreSQL of the first minute: started from the programs on the machine, stopped with
//! the server, put in order after a hard kill.

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Pid, Uid, User, geteuid};
use tokio_postgres::NoTls;

use crate::base::error::{Error, Result};

/// A running private server; it is stopped by [`Embedded::stop`].
pub struct Embedded {
    place: Place,
    child: Child,
    /// Held as long as the server runs.
    _lock: Flock<File>,
}

/// Where a private server lives, and as whom it runs.
#[derive(Debug, Clone)]
pub struct Place {
    data: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    lock: PathBuf,
    bin: PathBuf,
    /// Whom PostgreSQL runs as: it refuses root.
    owner: Option<(Uid, Gid)>,
}

const DATABASE: &str = "hoctap";
/// What comes before the socket's own name must leave room for it: 107 bytes in all.
const LONGEST_SOCKET_DIR: usize = 90;

impl Place {
    /// Lays out `dir`; makes the database cluster if there is none.
    pub fn prepare(dir: &Path, bin: Option<&Path>) -> Result<Self> {
        let owner = owner()?;
        let data = dir.join("postgres");
        let made = fs::read_to_string(data.join("PG_VERSION")).ok();
        let bin = programs(bin, made.as_deref().map(str::trim))?;
        let mut socket = dir.join("run");
        if socket.as_os_str().len() > LONGEST_SOCKET_DIR {
            let name = hex::encode(&sha2_of(dir)[..8]);
            socket = PathBuf::from(format!("/tmp/hoctap-{name}"));
        }
        fs::create_dir_all(dir).map_err(|e| at(dir, e))?;
        let place = Self {
            data,
            socket,
            log: dir.join("postgres.log"),
            lock: dir.join("lock"),
            bin,
            owner,
        };
        place.own_dir(&place.socket)?;
        if made.is_none() {
            place.initialise()?;
        }
        Ok(place)
    }

    pub fn url(&self) -> String {
        let host = self.socket.to_string_lossy().replace('/', "%2F");
        format!("postgres://postgres@{host}/{DATABASE}")
    }

    /// Whether its server answers now.
    pub async fn is_running(&self) -> bool {
        connect(&self.url_of("postgres")).await.is_ok()
    }

    /// The programs of PostgreSQL, as the user who may run them.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command.current_dir("/");
        // A group of its own, so that Ctrl-C does not reach it before the requests in flight are done.
        command.process_group(0);
        if let Some((uid, gid)) = self.owner {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
        command
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    fn url_of(&self, database: &str) -> String {
        self.url().replace(&format!("/{DATABASE}"), &format!("/{database}"))
    }

    /// A directory that only the owner of the server enters; one of somebody else is refused.
    fn own_dir(&self, dir: &Path) -> Result<()> {
        match fs::create_dir(dir) {
            Ok(()) => {
                fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(|e| at(dir, e))?;
                self.give(dir)
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                let wanted = self.owner.map_or(geteuid(), |(uid, _)| uid);
                let found = fs::symlink_metadata(dir).map_err(|e| at(dir, e))?;
                if found.is_dir() && found.uid() == wanted.as_raw() {
                    return Ok(());
                }
                Err(Error::internal(format!("{} belongs to somebody else", dir.display())))
            }
            Err(e) => Err(at(dir, e)),
        }
    }

    fn give(&self, path: &Path) -> Result<()> {
        if let Some((uid, gid)) = self.owner {
            chown(path, Some(uid.as_raw()), Some(gid.as_raw())).map_err(|e| at(path, e))?;
        }
        Ok(())
    }

    /// Makes the cluster beside its place and moves it there whole, so that a kill leaves no half.
    fn initialise(&self) -> Result<()> {
        let draft = self.data.with_extension("new");
        if draft.exists() {
            fs::remove_dir_all(&draft).map_err(|e| at(&draft, e))?;
        }
        self.own_dir(&draft)?;
        let done = self
            .command("initdb")
            .args(["-E", "UTF8", "--locale=C", "-U", "postgres", "-A", "trust", "-D"])
            .arg(&draft)
            .stdin(Stdio::null())
            .output()
            .map_err(Error::internal)?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            return Err(Error::internal(format!("initdb failed: {said}")));
        }
        fs::rename(&draft, &self.data).map_err(|e| at(&self.data, e))
    }

    fn open_log(&self) -> Result<File> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.log)
            .map_err(|e| at(&self.log, e))?;
        self.give(&self.log)?;
        Ok(log)
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Embedded {
    /// Starts the server of `dir`, one at a time; one left behind by a hard kill is stopped first.
    pub async fn start(dir: &Path, bin: Option<&Path>) -> Result<Self> {
        let place = Place::prepare(dir, bin)?;
        let lock = lock(&place.lock)?;
        if place.data.join("postmaster.pid").exists() {
            // An exit code tells that none was running: just as well.
            let stopped = place
                .command("pg_ctl")
                .args(["stop", "-m", "fast", "-w", "-t", "60", "-s", "-D"])
                .arg(&place.data)
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .map_err(Error::internal)?;
            tracing::info!(was_running = stopped.success(), "found a database left behind");
        }
        let log = place.open_log()?;
        let child = place
            .command("postgres")
            .arg("-D")
            .arg(&place.data)
            .arg("-k")
            .arg(&place.socket)
            .args(["-c", "listen_addresses=", "-c", "max_connections=100"])
            .args(["-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB"])
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(Error::internal)?)
            .stderr(log)
            .spawn()
            .map_err(Error::internal)?;
        let mut started = Self { place, child, _lock: lock };
        started.wait_until_ready().await?;
        started.create_database().await?;
        Ok(started)
    }

    pub fn url(&self) -> String {
        self.place.url()
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let patience = Instant::now() + Duration::from_secs(120);
        loop {
            if self.place.is_running().await {
                return Ok(());
            }
            let ended = self.child.try_wait().map_err(Error::internal)?;
            if ended.is_some() || Instant::now() > patience {
                let said = self.place.last_words();
                return Err(Error::internal(format!("PostgreSQL did not start:\n{said}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn create_database(&self) -> Result<()> {
        let client = connect(&self.place.url_of("postgres")).await?;
        let there = client
            .query_opt("select 1 from pg_database where datname = $1", &[&DATABASE])
            .await
            .map_err(Error::internal)?;
        if there.is_none() {
            let create = format!("create database {DATABASE}");
            client.batch_execute(&create).await.map_err(Error::internal)?;
        }
        Ok(())
    }

    /// Stops the server: connections are cut, everything committed stays.
    pub async fn stop(mut self) -> Result<()> {
        let pid = Pid::from_raw(self.child.id() as i32);
        kill(pid, Signal::SIGINT).map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || self.child.wait())
            .await
            .map_err(Error::internal)?
            .map_err(Error::internal)?;
        Ok(())
    }
}

async fn connect(url: &str) -> Result<tokio_postgres::Client> {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.map_err(Error::internal)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended");
        }
    });
    Ok(client)
}

fn lock(path: &Path) -> Result<Flock<File>> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| at(path, e))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| {
        Error::internal(format!("another hoctap runs on this data ({} is locked)", path.display()))
    })
}

fn owner() -> Result<Option<(Uid, Gid)>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    match User::from_name("postgres").map_err(Error::internal)? {
        Some(user) => Ok(Some((user.uid, user.gid))),
        None => Err(Error::internal(
            "there is no user `postgres` to run PostgreSQL as; install the package `postgresql`",
        )),
    }
}

/// The folder of PostgreSQL's programs: the one named, then that of PATH, then the newest of Debian;
/// for a cluster that exists, of its own version.
fn programs(named: Option<&Path>, version: Option<&str>) -> Result<PathBuf> {
    let has_server = |dir: &PathBuf| dir.join("postgres").is_file() && dir.join("initdb").is_file();
    let mut found: Vec<PathBuf> = named.map(Path::to_owned).into_iter().collect();
    if named.is_none() {
        let path = std::env::var_os("PATH").unwrap_or_default();
        found.extend(std::env::split_paths(&path));
        let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let version = entry.file_name().to_string_lossy().parse().ok()?;
                Some((version, entry.path().join("bin")))
            })
            .collect();
        debian.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
        found.extend(debian.into_iter().map(|(_, dir)| dir));
    }
    let fits = |dir: &PathBuf| version.is_none_or(|wanted| major(dir).as_deref() == Some(wanted));
    found.into_iter().filter(has_server).find(fits).ok_or_else(|| {
        let which = version.map(|v| format!(" version {v}")).unwrap_or_default();
        Error::internal(format!(
            "the programs of PostgreSQL{which} were not found: install the package `postgresql`, or \
             name their folder in HOCTAP_PG_BIN, or give a server of your own in DATABASE_URL"
        ))
    })
}

fn major(bin: &Path) -> Option<String> {
    let said = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let version = said.split_whitespace().find(|w| w.starts_with(|c: char| c.is_ascii_digit()))?;
    version.split(['.', 'b', 'r']).next().map(str::to_owned)
}

fn sha2_of(path: &Path) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(path.to_string_lossy().as_bytes()).into()
}

fn at(path: &Path, error: std::io::Error) -> Error {
    Error::internal(format!("{}: {error}", path.display()))
}

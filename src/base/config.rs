//! The environment, read once.

use std::env;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// Everything that the environment says.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    /// A server of one's own; without it a private one is started.
    pub database_url: Option<String>,
    pub pg_bin: Option<PathBuf>,
    /// The file of keys: needed with `database_url`, made in `data_dir` otherwise.
    pub keys: Option<PathBuf>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Requests a minute and caller; none when off.
    pub rate_limit: Option<NonZeroU32>,
    pub workers: usize,
    /// Connections of the whole server.
    pub pool: usize,
    pub cors_origins: Vec<String>,
    /// Bytes of an uploaded file.
    pub upload_limit: usize,
    pub spool: SpoolLimits,
}

/// How far files to take away may go: not in the environment, for a disk that is too small for these
/// is too small for the register.
#[derive(Debug, Clone, Copy)]
pub struct SpoolLimits {
    /// How many may lie on disk at once.
    pub files: usize,
    /// Of one file, as it is sent.
    pub bytes: u64,
    /// Of a workbook: a sheet of Excel has little more.
    pub xlsx_rows: u64,
    /// How long a client may take to fetch one.
    pub life: Duration,
}

impl Default for SpoolLimits {
    fn default() -> Self {
        Self { files: 8, bytes: 4 << 30, xlsx_rows: 1_000_000, life: Duration::from_secs(3600) }
    }
}

/// A variable as `--help` and the README explain it.
pub struct Variable {
    pub name: &'static str,
    pub default: &'static str,
    pub meaning: &'static str,
}

pub const VARIABLES: &[Variable] = &[
    Variable {
        name: "HOCTAP_LISTEN",
        default: "127.0.0.1:8080",
        meaning: "Address and port of the server",
    },
    Variable {
        name: "HOCTAP_DATA_DIR",
        default: "/var/lib/hoctap as root, else $XDG_DATA_HOME/hoctap",
        meaning: "Where the private database, the keys and the demo password live",
    },
    Variable {
        name: "DATABASE_URL",
        default: "none: a private PostgreSQL is started",
        meaning: "A PostgreSQL server of one's own (15 or newer)",
    },
    Variable {
        name: "HOCTAP_PG_BIN",
        default: "PATH, then /usr/lib/postgresql/*/bin",
        meaning: "Folder of the PostgreSQL programs for the private database",
    },
    Variable {
        name: "HOCTAP_KEYS",
        default: "keys.json in the data directory",
        meaning: "File of keys, mode 0600; must be given with DATABASE_URL (`hoctap keys` makes one)",
    },
    Variable {
        name: "HOCTAP_TRUSTED_PROXIES",
        default: "none",
        meaning: "Addresses, separated by commas, whose X-Forwarded-For is believed",
    },
    Variable {
        name: "HOCTAP_RATE_LIMIT",
        default: "600",
        meaning: "Requests a minute and caller, or `off`",
    },
    Variable {
        name: "HOCTAP_WORKERS",
        default: "number of cores, at most 4",
        meaning: "Threads that answer requests",
    },
    Variable {
        name: "HOCTAP_POOL",
        default: "16",
        meaning: "Database connections of the whole server",
    },
    Variable {
        name: "HOCTAP_CORS_ORIGINS",
        default: "none",
        meaning: "Origins, separated by commas, whose pages may call the API, or `*`",
    },
    Variable {
        name: "HOCTAP_UPLOAD_LIMIT",
        default: "20971520",
        meaning: "Bytes of an uploaded list",
    },
    Variable { name: "RUST_LOG", default: "info", meaning: "What is logged" },
];

/// Every variable that cannot be used, and why.
#[derive(Debug)]
pub struct ConfigError(pub Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// The settings as `get` tells them, or all that is wrong with them.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut errors = Vec::new();
        let mut wrong = |name: &str, value: &str, wanted: &str| {
            errors.push(format!("{name}={value}: {wanted}"));
        };
        macro_rules! parsed {
            ($name:literal, $default:expr, $wanted:literal) => {
                match get($name) {
                    None => $default,
                    Some(text) => text.parse().unwrap_or_else(|_| {
                        wrong($name, &text, $wanted);
                        $default
                    }),
                }
            };
        }
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        let workers: usize = parsed!("HOCTAP_WORKERS", cores.min(4), "a number of threads");
        let pool: usize = parsed!("HOCTAP_POOL", 16, "a number of connections");
        let rate_limit = match get("HOCTAP_RATE_LIMIT").as_deref() {
            Some("off") => None,
            Some(text) => text.parse().map(Some).unwrap_or_else(|_| {
                wrong("HOCTAP_RATE_LIMIT", text, "requests a minute, or off");
                None
            }),
            None => NonZeroU32::new(600),
        };
        let trusted_proxies = list(get("HOCTAP_TRUSTED_PROXIES"))
            .iter()
            .filter_map(|text| {
                text.parse()
                    .map_err(|_| wrong("HOCTAP_TRUSTED_PROXIES", text, "an IP address"))
                    .ok()
            })
            .collect();
        let config = Self {
            listen: parsed!(
                "HOCTAP_LISTEN",
                SocketAddr::from(([127, 0, 0, 1], 8080)),
                "an address and port"
            ),
            data_dir: get("HOCTAP_DATA_DIR").map_or_else(|| default_data_dir(&get), PathBuf::from),
            database_url: get("DATABASE_URL"),
            pg_bin: get("HOCTAP_PG_BIN").map(PathBuf::from),
            keys: get("HOCTAP_KEYS").map(PathBuf::from),
            trusted_proxies,
            rate_limit,
            workers: workers.max(1),
            pool: pool.max(1),
            cors_origins: list(get("HOCTAP_CORS_ORIGINS")),
            upload_limit: parsed!("HOCTAP_UPLOAD_LIMIT", 20 << 20, "a number of bytes"),
            spool: SpoolLimits::default(),
        };
        if config.database_url.is_some() && config.keys.is_none() {
            errors.push(
                "HOCTAP_KEYS is missing: with DATABASE_URL the file of keys must be named, since two \
                 servers with different keys would accept the same number twice. \
                 `hoctap keys FILE` makes one."
                    .to_owned(),
            );
        }
        if errors.is_empty() { Ok(config) } else { Err(ConfigError(errors)) }
    }
}

fn list(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    text.split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

fn default_data_dir(get: impl Fn(&str) -> Option<String>) -> PathBuf {
    if nix::unistd::geteuid().is_root() {
        return PathBuf::from("/var/lib/hoctap");
    }
    get("XDG_DATA_HOME")
        .map(PathBuf::from)
        .unwrap_or_else(|| {
            PathBuf::from(get("HOME").unwrap_or_else(|| "/tmp".into())).join(".local/share")
        })
        .join("hoctap")
}

//! What the command line does.

mod cli;

use std::fs::File;
use std::io::{BufReader, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use hoctap::access::state::Shared;
use hoctap::access::{Act, Role};
use hoctap::acts::{reforms, retention};
use hoctap::base::config::Config;
use hoctap::base::db;
use hoctap::base::error::{Error, Result};
use hoctap::base::keys::Keys;
use hoctap::figures::exports::Manifest;
use hoctap::figures::statistics;
use hoctap::ledger::proof::{Document, Proof, PublicKeys};
use hoctap::ledger::{audit, proof};
use hoctap::register::accounts;
use hoctap::register::accounts::rows::{User, UserChange};
use hoctap::server::embedded::{Embedded, Place};
use hoctap::server::{app, contract, demo, generate, housekeeping, setup};
use hoctap::wire::sheets;
use tokio::signal::unix::{SignalKind, signal};

use cli::{
    AreasCommand, AuditCommand, Cli, Command, KeysArgs, ManifestCommand, NewUser, ProofCommand,
    UserCommand,
};

#[actix_web::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(cli.command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hoctap: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Keys(KeysArgs { file: Some(file), .. }) => {
            Keys::create(&file).map_err(Error::internal)?;
            println!("{}", file.display());
            Ok(ExitCode::SUCCESS)
        }
        Command::Keys(_) => {
            println!("{}", keys(&config()?)?.proof_jwks());
            Ok(ExitCode::SUCCESS)
        }
        Command::Proof(ProofCommand::Verify { file, key }) => verify_proof(&file, &key),
        Command::Manifest(ManifestCommand::Verify { manifest, file, key }) => {
            verify_manifest(&manifest, &file, &key)
        }
        Command::Openapi => {
            print!("{}", contract::yaml());
            Ok(ExitCode::SUCCESS)
        }
        Command::DemoLists { dir } => {
            demo::lists::write(&dir)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::ReadSheet => sheets::child::read_standard_input(),
        Command::Serve { demo } => serve(demo).await,
        Command::Migrate { grant_to } => {
            with_database(async |url, keys| {
                setup::prepare(url, keys).await?;
                if let Some(role) = &grant_to {
                    db::grant(url, role).await?;
                }
                Ok(ExitCode::SUCCESS)
            })
            .await
        }
        Command::User(UserCommand::Add(new)) => {
            with_database(async |url, keys| add_user(url, keys, &new).await).await
        }
        Command::Areas(AreasCommand::Import { file, apply }) => {
            let file = read(&file)?;
            with_database(async |url, keys| reform_areas(url, keys, &file, apply).await).await
        }
        Command::Audit(AuditCommand::Verify { area }) => {
            with_database(async |url, keys| verify_audit(url, keys, &area).await).await
        }
        Command::Retention(mode) => {
            with_database(async |url, keys| keep_rules(url, keys, mode.apply).await).await
        }
        Command::Verify => with_database(verify_counts).await,
        Command::Generate { titles, seed } => {
            with_database(async |url, keys| {
                let areas = setup::prepare(url, keys).await?;
                generate::fill(url, keys, &areas, titles, seed).await?;
                println!("{titles} titles");
                Ok(ExitCode::SUCCESS)
            })
            .await
        }
    }
}

/// The database of a command: that of DATABASE_URL, the private one of a running server, or the
/// private one started for as long as the command takes.
async fn with_database(
    work: impl AsyncFnOnce(&str, &Keys) -> Result<ExitCode>,
) -> Result<ExitCode> {
    let config = config()?;
    let keys = keys(&config)?;
    if let Some(url) = &config.database_url {
        return work(url, &keys).await;
    }
    let place = Place::prepare(&config.data_dir, config.pg_bin.as_deref())?;
    if place.is_running().await {
        return work(&place.url(), &keys).await;
    }
    let embedded = Embedded::start(&config.data_dir, config.pg_bin.as_deref()).await?;
    let done = work(&embedded.url(), &keys).await;
    embedded.stop().await?;
    done
}

fn config() -> Result<Config> {
    Config::from_env().map_err(Error::internal)
}

fn keys(config: &Config) -> Result<Keys> {
    match (&config.keys, &config.database_url) {
        (Some(file), Some(_)) => Keys::load(file),
        (Some(file), None) => Keys::load_or_create(file),
        (None, _) => {
            std::fs::create_dir_all(&config.data_dir)
                .map_err(|e| Error::internal(format!("{}: {e}", config.data_dir.display())))?;
            Keys::load_or_create(&config.data_dir.join("keys.json"))
        }
    }
    .map_err(Error::internal)
}

async fn serve(demo: bool) -> Result<ExitCode> {
    let config = config()?;
    let keys = keys(&config)?;
    let listener = TcpListener::bind(config.listen)
        .map_err(|e| Error::internal(format!("{}: {e}", config.listen)))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    let embedded = match config.database_url {
        Some(_) => None,
        None => Some(Embedded::start(&config.data_dir, config.pg_bin.as_deref()).await?),
    };
    let url = match (&config.database_url, &embedded) {
        (Some(url), _) => url.clone(),
        (None, Some(embedded)) => embedded.url(),
        (None, None) => String::new(),
    };
    let running = async {
        let areas = setup::prepare(&url, &keys).await?;
        let accounts = match demo {
            true => Some(demo::install(&url, &keys, &areas, &config.data_dir).await?),
            false => None,
        };
        let program = std::env::current_exe().map_err(Error::internal)?;
        let shared = Shared::new(config.clone(), keys.into(), url.clone(), areas, program);
        let server = app::start(shared.clone(), listener)?;
        announce(&config, accounts.as_ref());
        let handle = server.handle();
        let server = actix_web::rt::spawn(server);
        let house = actix_web::rt::spawn(housekeeping::keep(shared));
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        eprintln!("hoctap: finishing the requests in flight");
        house.abort();
        handle.stop(true).await;
        server.await.map_err(Error::internal)?.map_err(Error::internal)
    };
    let done = running.await;
    if let Some(embedded) = embedded {
        embedded.stop().await?;
    }
    done.map(|()| ExitCode::SUCCESS)
}

fn announce(config: &Config, accounts: Option<&demo::Accounts>) {
    let mut out = std::io::stdout().lock();
    // Whoever listens on every address is reached on this machine's own.
    let mut at = config.listen;
    if at.ip().is_unspecified() {
        at.set_ip(if at.is_ipv4() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        });
    }
    let mut text = format!("hoctap listens on http://{at}/\n");
    text += &format!("  documentation  http://{at}/docs/\n");
    if let Some(accounts) = accounts {
        text += "  demo accounts, one password for all:\n";
        for (name, what) in &accounts.users {
            text += &format!("    {name:<18}{what}\n");
        }
        text += &format!("  password       {}\n", accounts.password);
        text += &format!("  kept in        {}\n", accounts.file.display());
        if let Some(key) = &accounts.dashboard_key {
            text += &format!("  service key of dashboard (shown once)  {key}\n");
        }
    }
    // A closed terminal is no reason to stop the server.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

async fn add_user(url: &str, keys: &Keys, new: &NewUser) -> Result<ExitCode> {
    let areas = setup::prepare(url, keys).await?;
    let role = Role::parse(&new.role)
        .ok_or_else(|| Error::internal(format!("there is no role {}", new.role)))?;
    let area_id = areas.resolve("--area", &new.area, hoctap::base::clock::today())?;
    if let Some(fault) = accounts::check_username(&new.username) {
        return Err(Error::invalid(vec![fault]));
    }
    let password = accounts::temporary_password();
    let hash = accounts::hash_password(&password)?;
    let change = UserChange { full_name: new.full_name.clone(), role, area_id, disabled: false };
    let act = Act::of_the_product(areas.country(), Role::Administrator);
    let mut db = db::connect(url).await?;
    User::create(&mut db, &act, change, &new.username, &hash, true).await?;
    println!("{}  {password}", new.username);
    Ok(ExitCode::SUCCESS)
}

async fn reform_areas(url: &str, keys: &Keys, file: &str, apply: bool) -> Result<ExitCode> {
    let areas = setup::prepare(url, keys).await?;
    let text = reforms::command::import(&mut db::connect(url).await?, &areas, file, apply).await?;
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}

async fn verify_audit(url: &str, keys: &Keys, area: &str) -> Result<ExitCode> {
    let areas = setup::prepare(url, keys).await?;
    let area = areas.resolve("--area", area, hoctap::base::clock::today())?;
    let mut db = db::connect(url).await?;
    let public = PublicKeys::read(&keys.proof_jwks().to_string())?;
    let verdict = db::snapshot(&mut db, async |db| {
        let chains = audit::rows::chains(db, area).await?;
        proof::rows::verify_all(db, &public, &chains).await
    })
    .await?;
    println!("{}", serde_json::to_string_pretty(&verdict).map_err(Error::internal)?);
    Ok(if verdict.valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn verify_proof(file: &Path, key: &Path) -> Result<ExitCode> {
    let keys = PublicKeys::read(&read(key)?)?;
    let proof: Proof = serde_json::from_str(&read(file)?)
        .map_err(|e| Error::internal(format!("{}: {e}", file.display())))?;
    let (entry, checkpoint) = proof.check(&keys)?;
    println!(
        "entry {}-{} ({} by {} at {}) stood in its chain when {} was closed (checkpoint {})",
        entry.area,
        entry.seq,
        entry.action,
        entry.actor_name,
        entry.at,
        checkpoint.day,
        checkpoint.number
    );
    Ok(ExitCode::SUCCESS)
}

fn verify_manifest(manifest: &Path, file: &Path, key: &Path) -> Result<ExitCode> {
    let keys = PublicKeys::read(&read(key)?)?;
    let manifest: Manifest = keys.check(Document::Manifest, &read(manifest)?)?;
    let unreadable = |e| Error::internal(format!("{}: {e}", file.display()));
    let content = File::open(file).map_err(unreadable)?;
    if !manifest.is_of(BufReader::new(content)).map_err(unreadable)? {
        return Err(Error::internal("the file is not the one that was exported"));
    }
    let question: Vec<String> =
        manifest.question.iter().map(|(name, value)| format!("{name}={value}")).collect();
    println!(
        "{} rows of {} ({}) as they stood at {} (export {})",
        manifest.rows,
        manifest.table,
        question.join(", "),
        manifest.snapshot_at,
        manifest.id
    );
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|e| Error::internal(format!("{}: {e}", file.display())))
}

async fn keep_rules(url: &str, keys: &Keys, apply: bool) -> Result<ExitCode> {
    let areas = setup::prepare(url, keys).await?;
    let mut db = db::connect(url).await?;
    for rule in retention::rows::Rule::all(&mut db).await? {
        let n = match apply {
            true => rule.apply(&mut db, keys, &areas).await?,
            false => rule.preview(&mut db).await?,
        };
        let kept = rule.keep_days.map_or("kept".to_owned(), |days| format!("{days} days"));
        println!("{:<18}{kept:>12}{n:>12}  {}", rule.class, rule.basis);
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify_counts(url: &str, keys: &Keys) -> Result<ExitCode> {
    setup::prepare(url, keys).await?;
    let mut db = db::connect(url).await?;
    let different = statistics::rows::differences(&mut db).await?;
    println!("cells that differ from the records: {different}");
    Ok(if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! Connections to PostgreSQL, and the migrations.

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::deadpool::{self, Object};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{
    AnsiTransactionManager, AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection,
    TransactionManager,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio_postgres::NoTls;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::base::error::{Error, Result};

pub type Conn = AsyncPgConnection;
pub type Pool = deadpool::Pool<Conn>;
/// A connection lent by the pool.
pub type Db = Object<Conn>;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();
/// Advisory locks of the register: transaction locks unless said otherwise.
pub mod locks {
    /// Session lock: one server migrates, the others wait.
    pub const MIGRATION: i64 = 7_202_101;
    /// Session lock: one server fills an empty register, the others wait.
    pub const SETUP: i64 = 7_202_104;
    /// Shared by every writer, exclusive for the closing of a day.
    pub const DAY: i64 = 7_202_102;
    /// One server keeps house.
    pub const HOUSEKEEPING: i64 = 7_202_103;
}

/// How long a statement may take before it is cancelled, so that a client that went away or a
/// mistake of ours does not hold a connection.
const SETTINGS: &str = "set statement_timeout = '120s'; set idle_in_transaction_session_timeout = '60s'; \
     set timezone = 'UTC'; set jit = off";

/// A pool of `size` connections; none is opened before it is needed.
pub fn pool(url: &str, size: usize) -> Result<Pool> {
    let mut config = ManagerConfig::default();
    config.custom_setup = Box::new(establish);
    // One that was closed or left within a transaction is known without asking the database.
    config.recycling_method = RecyclingMethod::Fast;
    let manager = AsyncDieselConnectionManager::<Conn>::new_with_config(url, config);
    Pool::builder(manager).max_size(size.max(1)).build().map_err(Error::internal)
}

/// One connection outside every pool, for commands.
pub async fn connect(url: &str) -> Result<Conn> {
    establish(url).await.map_err(Error::internal)
}

fn establish(url: &str) -> BoxFuture<'_, ConnectionResult<Conn>> {
    async move {
        let config = read(url)?;
        let mut conn = if is_plain(&config) {
            let (client, connection) = config.connect(NoTls).await.map_err(bad)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await?
        } else {
            let (client, connection) = config.connect(tls()?).await.map_err(bad)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await?
        };
        conn.batch_execute(SETTINGS).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }
    .boxed()
}

/// Runs `work` in one snapshot of the database, which it only reads.
pub async fn snapshot<T>(
    db: &mut Conn,
    work: impl AsyncFnOnce(&mut Conn) -> Result<T>,
) -> Result<T> {
    let begin = "begin isolation level repeatable read read only";
    AnsiTransactionManager::begin_transaction_sql(db, begin).await?;
    let done = work(db).await;
    AnsiTransactionManager::rollback_transaction(db).await?;
    done
}

/// A plain client, for COPY, which diesel does not know; it ends when it is dropped.
pub async fn copy_client(url: &str) -> Result<tokio_postgres::Client> {
    let config = read(url).map_err(Error::internal)?;
    if is_plain(&config) {
        let (client, connection) = config.connect(NoTls).await.map_err(Error::internal)?;
        tokio::spawn(connection);
        return Ok(client);
    }
    let tls = tls().map_err(Error::internal)?;
    let (client, connection) = config.connect(tls).await.map_err(Error::internal)?;
    tokio::spawn(connection);
    Ok(client)
}

fn bad(error: tokio_postgres::Error) -> ConnectionError {
    ConnectionError::BadConnection(error.to_string())
}

fn read(url: &str) -> ConnectionResult<tokio_postgres::Config> {
    url.parse().map_err(bad)
}

fn is_plain(config: &tokio_postgres::Config) -> bool {
    config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)))
        || config.get_ssl_mode() == SslMode::Disable
}

/// TLS with the certificate authorities of the machine.
pub fn tls() -> ConnectionResult<MakeRustlsConnect> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = rustls::crypto::ring::default_provider().into();
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| ConnectionError::BadConnection(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// Brings the database to this version; several servers may call it at once.
pub async fn migrate(url: &str) -> Result<()> {
    // A server whose role does not own the tables may look, but not even try.
    if is_current(url).await? {
        return Ok(());
    }
    with_migrations(url, |harness| harness.run_pending_migrations(MIGRATIONS).map(|_| ())).await
}

async fn is_current(url: &str) -> Result<bool> {
    let client = copy_client(url).await?;
    let known = "select to_regclass('__diesel_schema_migrations') is not null";
    let there: bool = client.query_one(known, &[]).await.map_err(Error::internal)?.get(0);
    if !there {
        return Ok(false);
    }
    let rows = client.query("select version from __diesel_schema_migrations", &[]).await;
    let run: Vec<String> =
        rows.map_err(Error::internal)?.iter().map(|row| row.get("version")).collect();
    let all = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(Error::internal)?;
    Ok(all.iter().all(|migration| run.contains(&migration.name().version().to_string())))
}

/// Gives a role what a server needs, and no more: it reads and writes records but changes neither
/// the tables nor what they may only append to.
pub async fn grant(url: &str, role: &str) -> Result<()> {
    let client = copy_client(url).await?;
    let needed = "select format(
        'grant usage on schema public to %1$I;
         grant select, insert, update, delete on all tables in schema public to %1$I;
         revoke insert, update, delete on __diesel_schema_migrations from %1$I', $1::text)";
    // The triggers that refuse a change (tgtype: 8 is delete, 16 is update) tell what to withhold.
    let withheld = "select format('revoke %s on %s from %I',
            concat_ws(', ', case when tgtype & 8 > 0 then 'delete' end,
                            case when tgtype & 16 > 0 then 'update' end),
            tgrelid::regclass, $1::text)
        from pg_trigger where tgfoid = 'refuse_change'::regproc and tgtype & 24 > 0";
    for statements in [needed, withheld] {
        for row in client.query(statements, &[&role]).await.map_err(Error::internal)? {
            client.batch_execute(row.get(0)).await.map_err(Error::internal)?;
        }
    }
    Ok(())
}

/// Takes every migration back: for the test that proves it possible.
pub async fn unmigrate(url: &str) -> Result<()> {
    with_migrations(url, |harness| harness.revert_all_migrations(MIGRATIONS).map(|_| ())).await
}

type Harness = AsyncMigrationHarness<Conn>;

async fn with_migrations<F>(url: &str, work: F) -> Result<()>
where
    F: FnOnce(&mut Harness) -> diesel::migration::Result<()> + Send + 'static,
{
    let mut conn = connect(url).await?;
    conn.batch_execute(&format!(
        "set statement_timeout = 0; select pg_advisory_lock({})",
        locks::MIGRATION
    ))
    .await?;
    // The harness blocks inside the runtime's thread, which only a blocking thread may do.
    tokio::task::spawn_blocking(move || work(&mut AsyncMigrationHarness::new(conn)))
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)
}

impl From<deadpool::PoolError> for Error {
    fn from(error: deadpool::PoolError) -> Self {
        Error::internal(error)
    }
}

/// Whether the database answers.
pub async fn ping(db: &mut Conn) -> Result<()> {
    Ok(db.batch_execute("select 1").await?)
}

//! The statements that the server sent while it answered, taken from the log of PostgreSQL, and run
//! again by pgbench and psql.

use std::process::{Command, Stdio};

use crate::register::{Cluster, Register};

/// What a line of the log begins with; lines that go on begin with a tab.
const PREFIX: &str = "@@";

/// Has every statement of a database written to the log.
pub async fn record(cluster: &Cluster, on: bool) {
    let all = if on { "all" } else { "none" };
    let settings = format!(
        "alter system set log_line_prefix = '{PREFIX}'; alter system set log_statement = '{all}'"
    );
    for setting in settings.split(';') {
        cluster.run("postgres", setting).await;
    }
    cluster.run("postgres", "select pg_reload_conf()").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
}

/// The statements since the log had `from` bytes, with their parameters in place, but for those that
/// only look after the connection.
pub fn since(cluster: &Cluster, from: usize) -> Vec<String> {
    let log = cluster.log();
    let mut statements = Vec::new();
    for entry in log[from..].split(PREFIX) {
        let entry = entry.replace("\n\t", "\n");
        if let Some(statement) = entry.strip_prefix("LOG:  execute ") {
            let (_, sql) = statement.split_once(": ").expect("a statement");
            statements.push(sql.trim().to_owned());
        } else if let Some(values) = entry.strip_prefix("DETAIL:  parameters: ") {
            let sql = statements.pop().expect("its statement");
            statements.push(filled(&sql, values.trim()));
        } else if let Some(sql) = entry.strip_prefix("LOG:  statement: ") {
            statements.push(sql.trim().to_owned());
        }
    }
    statements.retain(|sql| !sql.starts_with("select pg_reload_conf"));
    statements
}

/// `$1 = 'a', $2 = NULL` put into the statement.
fn filled(sql: &str, values: &str) -> String {
    let mut found = Vec::new();
    let mut rest = values;
    while let Some((_, after)) = rest.split_once(" = ") {
        let end = match after.strip_prefix('\'') {
            // A quote within is written twice.
            Some(text) => {
                let mut end = 0;
                loop {
                    end += text[end..].find('\'').expect("the end of a text") + 1;
                    if !text[end..].starts_with('\'') {
                        break end + 1;
                    }
                    end += 1;
                }
            }
            None => after.find(',').unwrap_or(after.len()),
        };
        found.push(&after[..end]);
        rest = &after[end..];
    }
    let mut sql = sql.to_owned();
    for (n, value) in found.iter().enumerate().rev() {
        sql = sql.replace(&format!("${}", n + 1), value);
    }
    sql
}

/// Transactions a second of pgbench on scripts of these statements, each as likely as any other.
pub fn pgbench(
    cluster: &Cluster,
    register: &Register,
    scripts: &[Vec<String>],
    seconds: u64,
) -> f64 {
    let dir = cluster.shared_dir();
    let mut pgbench = Command::new("pgbench");
    pgbench.args(["-n", "-M", "prepared", "-c", "16", "-j", "2", "-U", "postgres", "-T"]);
    pgbench.arg(seconds.to_string()).arg("-h").arg(cluster.place.socket());
    for (n, script) in scripts.iter().enumerate() {
        let file = dir.join(format!("{n}.sql"));
        // A colon would begin a variable of pgbench, but for the two of a cast.
        let lines: Vec<String> =
            script.iter().map(|sql| format!("{};", sql.replace('\n', " "))).collect();
        std::fs::write(&file, lines.join("\n")).expect("a script");
        pgbench.arg("-f").arg(file);
    }
    let done = pgbench.arg(register.name).stdin(Stdio::null()).output().expect("pgbench");
    let said = String::from_utf8_lossy(&done.stdout);
    let wrong = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}{wrong}");
    let line = said.lines().find(|line| line.starts_with("tps = ")).expect("its result");
    line.split_whitespace().nth(2).and_then(|n| n.parse().ok()).expect("a number")
}

/// Runs a script of psql.
pub fn psql(cluster: &Cluster, register: &Register, script: &str) {
    let file = cluster.shared_dir().join("script.sql");
    std::fs::write(&file, script).expect("a script");
    let mut psql = Command::new("psql");
    psql.args(["-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"]).arg(cluster.place.socket());
    let done = psql.arg("-f").arg(file).arg(register.name).stdin(Stdio::null()).output();
    let done = done.expect("psql");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

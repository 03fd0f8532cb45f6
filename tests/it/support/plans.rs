//! The plans of every statement that a server sends, as PostgreSQL ran them: collected by auto_explain
//! while the planner's figures say that each table is empty.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use serde_json::Value;

use super::{TestApp, cluster};

/// The tables that grow with the register; their partitions count as them.
const REGISTER: &[&str] = &[
    "holders",
    "holder_identifiers",
    "titles",
    "title_states",
    "decision_titles",
    "import_rows",
    "import_newcomers",
    "audit_items",
    "audit_values",
    "audit_entries",
];
/// Fewer rows than this may be read in any way: so small a table is read whole by right.
const FEW: f64 = 500.0;
/// How many times as many rows a filter may remove as it keeps.
const WASTE: f64 = 100.0;

/// Watches the statements of one register.
pub struct Plans {
    database: String,
    /// Where the log was read to.
    read: u64,
}

/// A statement and what its plan did.
pub struct Plan {
    pub query: String,
    root: Value,
}

impl Plans {
    /// Begins to watch, before the register's first request: a connection that is open already is not
    /// watched. What the planner knows is taken now, and never renewed.
    pub async fn watch(app: &TestApp) -> Self {
        let database = app.shared.url.rsplit('/').next().expect("a name").to_owned();
        let mut db = app.db().await;
        db.batch_execute(
            "do $$ declare t regclass; begin
                 for t in select oid from pg_class
                          where relkind = 'r' and relnamespace = 'public'::regnamespace loop
                     execute format('alter table %s set (autovacuum_enabled = off)', t);
                 end loop;
             end $$;
             analyze",
        )
        .await
        .expect("empty tables");
        for (name, value) in [
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_timing", "off"),
            ("auto_explain.log_format", "json"),
            ("auto_explain.log_nested_statements", "on"),
        ] {
            let set = format!("alter database {database} set {name} = '{value}'");
            db.batch_execute(&set).await.expect("a setting");
        }
        Self { database, read: log_length() }
    }

    /// What ran since it was asked last.
    pub async fn take(&mut self) -> Vec<Plan> {
        // The last lines come after the answer to whose statement they belong.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut log = File::open(cluster::log()).expect("the log");
        log.seek(SeekFrom::Start(self.read)).expect("a place in the log");
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes).expect("the log");
        self.read += bytes.len() as u64;
        let text = String::from_utf8_lossy(&bytes);
        let start = format!("{}: LOG:  duration: ", self.database);
        let mut plans = Vec::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if !(line.starts_with(&start) && line.ends_with(" plan:")) {
                continue;
            }
            let mut json = String::new();
            while let Some(more) = lines.next_if(|line| line.starts_with('\t')) {
                json.push_str(more.trim_start());
            }
            let Ok(mut plan) = serde_json::from_str::<Value>(&json) else { continue };
            let query = plan["Query Text"].as_str().unwrap_or_default().to_owned();
            plans.push(Plan { query, root: plan["Plan"].take() });
        }
        plans
    }
}

fn log_length() -> u64 {
    std::fs::metadata(cluster::log()).expect("the log").len()
}

impl Plan {
    /// What is wrong with how it ran: a table of the register read from end to end, rows read or joined
    /// to be thrown away.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        walk(&self.root, &mut |node| {
            let read = rows_read(node);
            let kind = node["Node Type"].as_str().unwrap_or_default();
            if let ("Seq Scan", Some(table)) = (kind, table(node))
                && read > FEW
            {
                faults.push(format!("reads all of {table} ({read} rows): {}", self.query));
            }
            let kept = number(node, "Actual Rows") * loops(node);
            for what in ["Rows Removed by Join Filter", "Rows Removed by Filter"] {
                let removed = number(node, what) * loops(node);
                if removed > FEW && removed > WASTE * kept.max(1.0) {
                    faults.push(format!("{kind}: {what} {removed} for {kept}: {}", self.query));
                }
            }
        });
        faults
    }

    /// How many rows of the register it looked at.
    pub fn rows_read(&self) -> f64 {
        let mut sum = 0.0;
        walk(&self.root, &mut |node| {
            if table(node).is_some() && node["Node Type"] != "ModifyTable" {
                sum += rows_read(node);
            }
        });
        sum
    }
}

/// Refuses plans that would be slow in a larger register.
pub fn refuse_scans(plans: &[Plan]) {
    let mut faults: Vec<String> = plans.iter().flat_map(Plan::faults).collect();
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "{} plans are not linear:\n{}", faults.len(), faults.join("\n\n"));
}

/// All rows of the register that these plans looked at.
pub fn rows_read_by(plans: &[Plan]) -> f64 {
    plans.iter().map(Plan::rows_read).sum()
}

fn walk<'a>(node: &'a Value, visit: &mut impl FnMut(&'a Value)) {
    visit(node);
    for below in node["Plans"].as_array().into_iter().flatten() {
        walk(below, visit);
    }
}

/// The table of the register that a node reads.
fn table(node: &Value) -> Option<&'static str> {
    let name = node["Relation Name"].as_str()?;
    let year = |part: &str| part.strip_prefix('_').is_some_and(|y| y.parse::<u16>().is_ok());
    let is_it = |table: &&&str| {
        name.strip_prefix(**table).is_some_and(|rest| rest.is_empty() || year(rest))
    };
    REGISTER.iter().find(is_it).copied()
}

fn rows_read(node: &Value) -> f64 {
    (number(node, "Actual Rows") + number(node, "Rows Removed by Filter")) * loops(node)
}

fn loops(node: &Value) -> f64 {
    number(node, "Actual Loops")
}

fn number(node: &Value, name: &str) -> f64 {
    node[name].as_f64().unwrap_or_default()
}

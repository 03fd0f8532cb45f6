//! How fast the server is, as a ratio to the database doing the same work in the same run: one server,
//! its PostgreSQL with fsync on, and the load on one machine, over 127.0.0.1 and a Unix socket.
//!
//! `HOCTAP_BENCH_TITLES` (1,000,000), `HOCTAP_BENCH_SECONDS` (30) and `HOCTAP_BENCH_ROUNDS` (3, of
//! which the median counts) make it larger or smaller.

mod load;
mod register;
mod statements;
mod tasks;

use register::Cluster;

/// One line of the result.
pub struct Measured {
    pub what: &'static str,
    /// What the server did, and what it is compared with.
    pub ours: String,
    pub theirs: String,
    /// The measure that has a budget.
    pub measure: f64,
    pub budget: Budget,
}

pub enum Budget {
    AtLeast(f64),
    AtMost(f64),
}

impl Measured {
    fn kept(&self) -> bool {
        match self.budget {
            Budget::AtLeast(least) => self.measure >= least,
            Budget::AtMost(most) => self.measure <= most,
        }
    }

    fn print(&self) {
        let (sign, budget) = match self.budget {
            Budget::AtLeast(least) => ('≥', least),
            Budget::AtMost(most) => ('≤', most),
        };
        let verdict = if self.kept() { "kept" } else { "MISSED" };
        println!(
            "| {} | {} | {} | {:.2} | {sign} {budget} | {verdict} |",
            self.what, self.ours, self.theirs, self.measure
        );
    }
}

/// A setting of the run.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

fn main() {
    // `cargo test --benches` would start it too.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(run());
}

async fn run() {
    let titles = setting("HOCTAP_BENCH_TITLES", 1_000_000);
    let cluster = Cluster::start().await;
    let small = cluster.register("small", titles / 10).await;
    let large = cluster.register("large", titles).await;
    println!("| what | server | compared with | measure | budget | |");
    println!("| --- | --- | --- | --- | --- | --- |");
    tasks::start_and_idle(&large).await.iter().for_each(Measured::print);
    let server = large.serve();
    let tokens = large.log_in(&server).await;
    tasks::reads(&cluster, &large, &server, &tokens).await.iter().for_each(Measured::print);
    tasks::not_modified(&server, &tokens).await.print();
    tasks::export(&cluster, &large, &server, &tokens).await.iter().for_each(Measured::print);
    tasks::steps(&large, &server, &tokens).await.print();
    tasks::figures(&small, &large, &server, &tokens).await.iter().for_each(Measured::print);
    server.stop();
    tasks::import(&cluster, &small).await.iter().for_each(Measured::print);
    cluster.stop().await;
}

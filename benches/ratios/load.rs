//! Clients that ask again and again, for a time or until nothing is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder};

/// What came of it: how many answers in how long, and how long each took.
pub struct Outcome {
    pub elapsed: Duration,
    pub latencies: Vec<Duration>,
}

impl Outcome {
    pub fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The time within which this part of all answers came, in milliseconds.
    pub fn percentile(&self, part: f64) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let n = ((sorted.len() as f64 * part).ceil() as usize).clamp(1, sorted.len()) - 1;
        sorted[n].as_secs_f64() * 1_000.0
    }
}

pub fn client() -> Client {
    Client::builder().no_proxy().pool_max_idle_per_host(64).build().expect("a client")
}

pub fn get(client: &Client, url: &str, token: &str) -> RequestBuilder {
    client.request(Method::GET, url).bearer_auth(token)
}

/// So many clients send the `n`th request, the next and so on, until the time is over or none is
/// left; every answer must have this status.
pub async fn ask(
    clients: usize,
    most: Option<Duration>,
    status: u16,
    request: impl Fn(usize) -> Option<RequestBuilder> + Send + Sync + 'static,
) -> Outcome {
    let (request, next) = (Arc::new(request), Arc::new(AtomicUsize::new(0)));
    let begin = Instant::now();
    let work = (0..clients).map(|_| {
        let (request, next) = (request.clone(), next.clone());
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            while most.is_none_or(|most| begin.elapsed() < most) {
                let Some(request) = request(next.fetch_add(1, Ordering::Relaxed)) else { break };
                let sent = Instant::now();
                let answer = request.send().await.expect("an answer");
                let found = answer.status().as_u16();
                let body = answer.bytes().await.expect("a body");
                latencies.push(sent.elapsed());
                assert_eq!(found, status, "{}", String::from_utf8_lossy(&body));
            }
            latencies
        })
    });
    let mut latencies = Vec::new();
    for client in work.collect::<Vec<_>>() {
        latencies.extend(client.await.expect("a client"));
    }
    Outcome { elapsed: begin.elapsed(), latencies }
}

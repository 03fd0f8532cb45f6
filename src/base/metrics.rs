//! Figures of the server itself for Prometheus.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{Encoder, HistogramOpts, HistogramVec, Registry, TextEncoder};

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);
static REQUESTS: LazyLock<HistogramVec> = LazyLock::new(|| {
    let options = HistogramOpts::new("hoctap_request_seconds", "Time to answer a request")
        .buckets(vec![0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0]);
    let requests = HistogramVec::new(options, &["method", "route", "status"])
        .expect("the name and labels of the histogram are well-formed");
    if let Err(error) = REGISTRY.register(Box::new(requests.clone())) {
        tracing::error!(%error, "metrics are not registered");
    }
    requests
});

pub fn observe(method: &str, route: &str, status: u16, took: Duration) {
    REQUESTS.with_label_values(&[method, route, &status.to_string()]).observe(took.as_secs_f64());
}

/// The text format of Prometheus.
pub fn render() -> Vec<u8> {
    let mut text = Vec::new();
    if let Err(error) = TextEncoder::new().encode(&REGISTRY.gather(), &mut text) {
        tracing::error!(%error, "metrics cannot be written");
    }
    text
}

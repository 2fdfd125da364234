//! The numbers of a watch in `OpenMetrics` text. None is derived from an address or a path.

use std::{
    fmt::{self, Debug},
    fs,
    sync::Arc,
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text::encode},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use crate::{
    pipeline::watch::{Numbers, Status},
    time::Timestamp,
};

/// The type of the text.
pub(super) const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The registry of all metrics.
pub(super) struct Metrics(Registry);

#[derive(Debug)]
struct Watched(Arc<Status>);

impl Metrics {
    pub(super) fn new(status: Arc<Status>) -> Self {
        let mut registry = Registry::with_prefix("hushlog");
        registry.register_collector(Box::new(Watched(status)));
        Self(registry)
    }

    /// The numbers now.
    pub(super) fn encode(&self) -> Option<String> {
        let mut text = String::new();
        encode(&mut text, &self.0).ok()?;
        Some(text)
    }
}

impl Collector for Watched {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let numbers = self.0.numbers();
        lines(&mut encoder, &numbers)?;
        for (name, help, value) in counters(&numbers) {
            let metric = ConstCounter::new(value);
            let descriptor = encoder.encode_descriptor(name, help, None, metric.metric_type())?;
            metric.encode(descriptor)?;
        }
        for (name, help, value) in gauges(&numbers) {
            let Some(value) = value else { continue };
            let metric = ConstGauge::new(value);
            let descriptor = encoder.encode_descriptor(name, help, None, metric.metric_type())?;
            metric.encode(descriptor)?;
        }
        Ok(())
    }
}

fn lines(encoder: &mut DescriptorEncoder<'_>, numbers: &Numbers) -> fmt::Result {
    let accounts = &numbers.accounts;
    let help = "Lines since the start by account";
    let mut lines = encoder.encode_descriptor("lines", help, None, MetricType::Counter)?;
    for (account, value) in [
        ("already_released", accounts.already_released),
        ("excluded", accounts.excluded),
        ("ignored", accounts.ignored),
        ("malformed", accounts.malformed),
        ("not_yet_over", accounts.not_yet_over),
        ("opted_out", accounts.opted_out),
        ("parsed", accounts.parsed),
    ] {
        let labels = [("account", account)];
        ConstCounter::new(value).encode(lines.encode_family(&labels)?)?;
    }
    Ok(())
}

type Metric<T> = (&'static str, &'static str, T);

const fn counters(numbers: &Numbers) -> [Metric<u64>; 5] {
    [
        (
            "read_bytes",
            "Bytes of lines read since the start",
            numbers.bytes,
        ),
        (
            "lost_lines",
            "Lines that sources lost on their way",
            numbers.lost,
        ),
        (
            "vanished_files",
            "Files gone before they were known to be read to their end",
            numbers.vanished,
        ),
        (
            "releases",
            "Periods released since the start",
            numbers.releases,
        ),
        (
            "withheld",
            "Periods closed without a release",
            numbers.withheld,
        ),
    ]
}

fn gauges(numbers: &Numbers) -> [Metric<Option<f64>>; 5] {
    let now = Timestamp(jiff::Timestamp::now().as_microsecond());
    let seconds = |microseconds: i64| microseconds as f64 / Timestamp::MICROSECONDS as f64;
    let lag = numbers.latest.map(|latest| seconds(now.0 - latest.0));
    let time = |time: Option<Timestamp>| time.map(|time| seconds(time.0));
    [
        ("lag_seconds", "Time since the latest line was logged", lag),
        (
            "open_hits",
            "Requests of periods that are not released yet",
            Some(numbers.open_hits as f64),
        ),
        ("memory_bytes", "Memory that the process takes", memory()),
        (
            "last_checkpoint_timestamp_seconds",
            "When a checkpoint was last made",
            time(numbers.checkpoint),
        ),
        (
            "last_release_timestamp_seconds",
            "When a period was last released",
            time(numbers.released),
        ),
    ]
}

/// The resident set, where the system tells it (`proc_pid_status(5)`).
fn memory() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

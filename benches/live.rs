//! How fast a followed file is read that has been written already, beside merely reading it:
//! `cargo bench --bench live`. `HUSHLOG_LOG` names another log than the one that is made for this.

use std::{
    env,
    fs::{self, File},
    io::Read,
    path::PathBuf,
    time::Duration,
};

use divan::{Bencher, counter::BytesCount};
use hushlog::input::live::{Event, LiveSettings, LiveSource, LiveSources};

fn main() {
    divan::main();
}

const SIZE: usize = 1 << 28;

/// Bytes read at once, as of a followed file.
const BATCH: usize = 1 << 20;

/// The log that is named, or one of a quarter of a gibibyte.
fn log(folder: &tempfile::TempDir) -> PathBuf {
    if let Some(path) = env::var_os("HUSHLOG_LOG") {
        return path.into();
    }
    let line = format!(
        "192.0.2.1 - - [10/Oct/2026:13:55:36 +0000] \"GET /page HTTP/1.1\" 200 512 \"-\" \"{}\"\n",
        "Mozilla/5.0 ".repeat(12)
    );
    let path = folder.path().join("access.log");
    let content = line.repeat(SIZE / line.len());
    fs::write(&path, content).expect("a written log");
    path
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn plain_reading(bencher: Bencher) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = log(&folder);
    let size = path.metadata().expect("a file").len();
    let mut buffer = vec![0; BATCH];
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        let mut file = File::open(&path).expect("a log");
        while file.read(&mut buffer).expect("its bytes") > 0 {}
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn followed_file(bencher: Bencher) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = log(&folder);
    let size = path.metadata().expect("a file").len();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    bencher.counter(BytesCount::new(size)).bench(|| {
        runtime.block_on(async {
            let mut sources = open(&path);
            let mut read = 0;
            while read < size {
                if let Some(Event::Batch(batch)) = sources.next().await {
                    read += batch.bytes.len() as u64;
                }
            }
        });
    });
}

fn open(path: &std::path::Path) -> LiveSources {
    let settings = LiveSettings {
        line_limit: 64 << 10,
        most_files: 10,
        most_connections: 10,
        ends: false,
        poll: Duration::from_millis(100),
        grace: Duration::from_secs(1),
        fingerprint_key: [0; 32],
    };
    let source = LiveSource::File(path.to_owned());
    LiveSources::open(&[source], settings, Vec::new()).expect("a followed file")
}

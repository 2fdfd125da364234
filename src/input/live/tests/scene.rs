//! A folder of logs, a writer that rotates them, and a reader that can be stopped.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use super::super::{Event, FileNumber, LiveSettings, Mark, follow::Follower, search::Target};

/// Rounds of silence after which a rotated file is left.
pub(super) const GRACE: u32 = 20;

pub(super) fn settings() -> LiveSettings {
    LiveSettings {
        line_limit: 100,
        most_files: 100,
        most_connections: 10,
        ends: false,
        poll: Duration::from_millis(1),
        grace: Duration::from_millis(GRACE.into()),
        fingerprint_key: [7; 32],
    }
}

/// A folder whose files are followed one step at a time.
pub(super) struct Scene {
    pub(super) folder: TempDir,
    names: Vec<String>,
    pub(super) settings: LiveSettings,
    follower: Option<Follower>,
    /// What a service would have stored.
    pub(super) marks: BTreeMap<FileNumber, Mark>,
    /// All lines handed out.
    pub(super) lines: Vec<String>,
    /// All other events.
    pub(super) others: Vec<Event>,
}

impl Scene {
    /// Follows names, relative to a new folder.
    pub(super) fn new(names: &[&str]) -> Self {
        let mut scene = Self::with(names, settings());
        scene.start();
        scene
    }

    pub(super) fn with(names: &[&str], settings: LiveSettings) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
            settings,
            follower: None,
            marks: BTreeMap::new(),
            lines: Vec::new(),
            others: Vec::new(),
        }
    }

    pub(super) fn start(&mut self) {
        let target = |(source, name): (usize, &String)| {
            Target::new(source, self.path(name), name.contains(['*', '{'])).unwrap()
        };
        let targets = self.names.iter().enumerate().map(target).collect();
        // What is stored has been on disk in between.
        let marks: Vec<Mark> = self.marks.values().cloned().collect();
        let marks = serde_json::from_str(&serde_json::to_string(&marks).unwrap()).unwrap();
        self.follower = Some(Follower::new(targets, self.settings.clone(), marks));
    }

    pub(super) fn stop(&mut self) {
        self.follower = None;
    }

    /// Reads until there is nothing more.
    pub(super) fn read(&mut self) {
        if self.follower.is_none() {
            self.start();
        }
        while self.step() {}
    }

    /// Reads until so many events have been stored, and is killed then.
    pub(super) fn read_and_die(&mut self, mut events: usize) {
        if self.follower.is_none() {
            self.start();
        }
        let mut is_busy = true;
        while is_busy && events > 0 {
            let mut new = Vec::new();
            is_busy = self.follower.as_mut().unwrap().step(&mut new);
            for event in new.into_iter().take(events) {
                self.take(event);
                events -= 1;
            }
        }
        self.stop();
    }

    /// Reads on until rotated files have been left.
    pub(super) fn read_out(&mut self) {
        for _ in 0..GRACE + 3 {
            self.read();
        }
    }

    fn step(&mut self) -> bool {
        let mut events = Vec::new();
        let is_busy = self.follower.as_mut().unwrap().step(&mut events);
        for event in events {
            self.take(event);
        }
        is_busy
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Batch(batch) => {
                assert!(batch.bytes.is_empty() || batch.bytes.ends_with(b"\n"));
                let text = String::from_utf8(batch.bytes).unwrap();
                self.lines.extend(text.lines().map(str::to_owned));
                if let Some(mark) = batch.mark {
                    self.marks.insert(mark.file.number, mark);
                }
            }
            Event::Opened { .. } => {}
            Event::Forget { file } => {
                self.marks.remove(&file);
            }
            other => self.others.push(other),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Appends text to a file, which is made if it is not there.
    pub(super) fn append(&self, name: &str, text: &str) {
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(self.path(name));
        let mut file = file.unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    pub(super) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// What logrotate's `copytruncate` does, up to what the server writes in between.
    pub(super) fn copy_and_truncate(&self, from: &str, to: &str) {
        fs::copy(self.path(from), self.path(to)).unwrap();
        File::options()
            .write(true)
            .open(self.path(from))
            .unwrap()
            .set_len(0)
            .unwrap();
    }

    /// Replaces a file by its compressed form, modified when the file was, as gzip does.
    pub(super) fn compress(&self, name: &str) {
        let from = self.path(name);
        let to = File::create(self.path(&format!("{name}.gz"))).unwrap();
        let mut encoder = GzEncoder::new(to, Compression::fast());
        encoder.write_all(&fs::read(&from).unwrap()).unwrap();
        let to = encoder.finish().unwrap();
        let modified = from.metadata().unwrap().modified().unwrap();
        to.set_modified(modified).unwrap();
        fs::remove_file(from).unwrap();
    }

    /// Waits until files that are written get a later time than all that have been written.
    pub(super) fn tick(&self) {
        let elsewhere = tempfile::NamedTempFile::new().unwrap();
        let time = |path: &Path| path.metadata().unwrap().modified().unwrap();
        let start = time(elsewhere.path());
        while time(elsewhere.path()) == start {
            fs::write(elsewhere.path(), "x").unwrap();
        }
    }

    /// The lines handed out since this was last asked.
    pub(super) fn taken(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// How many files have vanished.
    pub(super) fn vanished(&self) -> usize {
        let is_vanished = |event: &&Event| matches!(event, Event::Vanished { .. });
        self.others.iter().filter(is_vanished).count()
    }
}

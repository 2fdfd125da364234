//! Whatever a writer and a rotation do, each line is handed out once.

use proptest::prelude::*;

use super::scene::{GRACE, Scene};

/// What happens between two looks.
#[derive(Clone, Copy, Debug)]
enum Action {
    /// Whole lines are written.
    Append(u8),
    /// A line is written without its end; what is written next completes it.
    AppendPart,
    /// The writer still writes to the file that was rotated away last.
    AppendLate,
    /// The file is renamed and another made.
    Rename,
    /// The file is renamed, and no other made before something is written.
    RenameOnly,
    CopyAndTruncate,
    /// The file is deleted and made anew.
    Recreate,
    /// The youngest rotated file is compressed.
    Compress,
    Read,
    /// The service stops, to be started by the next reading.
    Stop,
    /// The service reads, and is killed when it has stored so many events.
    Kill(u8),
}

const LOG: &str = "access.log";

struct Writer {
    scene: Scene,
    written: Vec<String>,
    count: u32,
    /// The line of the file, and of the one before it, whose end is not written.
    part: String,
    late_part: String,
    /// What became of the file before: readings since, if it may be written to.
    looks_since_rename: Option<u32>,
    rotated: u32,
}

impl Writer {
    fn new(name: &str) -> Self {
        let scene = Scene::new(&[name]);
        let mut writer = Self {
            scene,
            written: Vec::new(),
            count: 0,
            part: String::new(),
            late_part: String::new(),
            looks_since_rename: None,
            rotated: 0,
        };
        // What was rotated before the first look is none of the service's.
        writer.act(Action::Read);
        writer
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Append(lines) => (0..lines).for_each(|_| self.append()),
            Action::AppendPart => self.append_part(),
            Action::AppendLate => self.append_late(),
            Action::Rename | Action::RenameOnly => self.rename(matches!(action, Action::Rename)),
            Action::CopyAndTruncate => self.copy_and_truncate(),
            Action::Recreate => self.recreate(),
            Action::Compress => self.compress(),
            Action::Read => self.read(),
            Action::Stop => self.scene.stop(),
            Action::Kill(events) => self.scene.read_and_die(events.into()),
        }
    }

    fn text(&mut self) -> String {
        self.count += 1;
        format!(
            "line {} {}",
            self.count,
            "x".repeat(self.count as usize % 60)
        )
    }

    fn append(&mut self) {
        let text = self.text();
        self.scene.append(LOG, &format!("{text}\n"));
        let part = std::mem::take(&mut self.part);
        self.written.push(part + &text);
    }

    fn append_part(&mut self) {
        if self.part.is_empty() {
            self.count += 1;
            self.part = format!("part {} ", self.count);
            self.scene.append(LOG, &self.part);
        }
    }

    /// A line that has begun is completed within the grace.
    fn append_late(&mut self) {
        let is_late = |looks| self.late_part.is_empty() || looks < GRACE / 2;
        if self.looks_since_rename.is_some_and(is_late) {
            let text = self.text();
            self.scene.append(&format!("{LOG}.1"), &format!("{text}\n"));
            let part = std::mem::take(&mut self.late_part);
            self.written.push(part + &text);
        }
    }

    /// Makes room for another rotated file. What was not completed will not be.
    fn shift(&mut self) {
        self.end_late();
        for number in (1..=self.rotated).rev() {
            for extension in ["", ".gz"] {
                let from = format!("{LOG}.{number}{extension}");
                if self.scene.path(&from).exists() {
                    let to = format!("{LOG}.{}{extension}", number + 1);
                    self.scene.rename(&from, &to);
                }
            }
        }
        self.rotated += 1;
        self.late_part = std::mem::take(&mut self.part);
    }

    fn end_late(&mut self) {
        let part = std::mem::take(&mut self.late_part);
        self.written
            .extend(Some(part).filter(|part| !part.is_empty()));
        self.looks_since_rename = None;
    }

    fn rename(&mut self, creates: bool) {
        if !self.scene.path(LOG).exists() {
            return;
        }
        self.shift();
        self.scene.rename(LOG, &format!("{LOG}.1"));
        self.looks_since_rename = Some(0);
        if creates {
            self.scene.append(LOG, "");
        }
    }

    fn copy_and_truncate(&mut self) {
        if !self.scene.path(LOG).exists() {
            return;
        }
        self.shift();
        self.scene.tick();
        self.scene.copy_and_truncate(LOG, &format!("{LOG}.1"));
        self.end_late();
    }

    /// What is not read when a file is deleted can be read by those only who have it open.
    fn recreate(&mut self) {
        if self.part.is_empty() && self.scene.path(LOG).exists() {
            self.read();
            std::fs::remove_file(self.scene.path(LOG)).unwrap();
            self.scene.append(LOG, "");
        }
    }

    fn compress(&mut self) {
        let name = format!("{LOG}.1");
        if self.scene.path(&name).exists() {
            self.end_late();
            self.scene.compress(&name);
        }
    }

    fn read(&mut self) {
        self.scene.read();
        self.looks_since_rename = self.looks_since_rename.map(|looks| looks + 1);
    }

    /// All lines handed out, and those written.
    fn end(mut self) -> (Vec<String>, Vec<String>) {
        if !self.part.is_empty() {
            self.append();
        }
        // Without a successor a file is not left.
        self.scene.append(LOG, "");
        self.end_late();
        self.scene.read_out();
        self.scene.lines.sort();
        self.written.sort();
        (self.scene.lines, self.written)
    }
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (1_u8..5).prop_map(Action::Append),
        2 => Just(Action::AppendPart),
        2 => Just(Action::AppendLate),
        3 => Just(Action::Rename),
        1 => Just(Action::RenameOnly),
        2 => Just(Action::CopyAndTruncate),
        1 => Just(Action::Recreate),
        2 => Just(Action::Compress),
        4 => Just(Action::Read),
        2 => Just(Action::Stop),
        2 => (0_u8..6).prop_map(Action::Kill),
    ]
}

fn check(name: &str, actions: &[Action]) {
    let mut writer = Writer::new(name);
    for &action in actions {
        writer.act(action);
    }
    let (read, written) = writer.end();
    assert_eq!(read, written);
}

#[test]
fn generations_that_nobody_has_looked_at_are_read() {
    use Action::{
        Append, AppendLate, AppendPart, Compress, CopyAndTruncate, Kill, Read, Recreate, Rename,
        RenameOnly, Stop,
    };
    for actions in [
        // The file was empty when it was last looked at.
        &[Rename, Read, Stop, Append(1), Rename, Compress, Read][..],
        &[
            Read,
            Stop,
            Append(1),
            CopyAndTruncate,
            Compress,
            Append(2),
            Read,
        ],
        // No file has the name when there is a look.
        &[
            Rename,
            Append(1),
            Rename,
            Compress,
            Append(1),
            RenameOnly,
            Read,
        ],
        // A rotated file that was left has late lines when it is compressed.
        &[Append(1), Read, Rename, Stop, AppendLate, Compress, Read],
        // A copy gets the number of a deleted file.
        &[
            Append(1),
            CopyAndTruncate,
            Recreate,
            Append(1),
            Kill(2),
            CopyAndTruncate,
            Read,
            Stop,
        ],
        // A compressed file gets the number of another that was compressed before.
        &[
            Append(1),
            RenameOnly,
            Kill(2),
            AppendPart,
            Read,
            Append(4),
            Kill(2),
            AppendLate,
            Kill(5),
            Compress,
            RenameOnly,
            Compress,
            Kill(2),
        ],
        // Copied, compressed and copied again.
        &[
            Append(2),
            Read,
            Append(1),
            Stop,
            CopyAndTruncate,
            Append(1),
            Compress,
            CopyAndTruncate,
        ],
    ] {
        check(LOG, actions);
        check("access.log*", actions);
        check("*.log", actions);
    }
}

proptest! {
    #[test]
    fn every_line_of_a_file_is_read_once(actions in proptest::collection::vec(action(), 1..30)) {
        check(LOG, &actions);
    }

    #[test]
    fn every_line_of_a_name_that_a_pattern_fits_is_read_once(
        actions in proptest::collection::vec(action(), 1..30)
    ) {
        check("*.log", &actions);
    }

    #[test]
    fn every_line_of_a_pattern_is_read_once(actions in proptest::collection::vec(action(), 1..30)) {
        check("access.log*", &actions);
    }
}

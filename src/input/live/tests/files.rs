//! Rotations one by one, and what is said about them.

use std::{
    fs,
    os::unix::fs::{MetadataExt, symlink},
};

use super::{
    super::{Event, LiveSettings},
    scene::{Scene, settings},
};

fn check(scene: &mut Scene, expected: &[&str]) {
    scene.read();
    assert_eq!(scene.taken(), expected);
}

#[test]
fn a_file_that_appears_later_is_read_from_its_beginning() {
    let mut scene = Scene::new(&["access.log"]);
    check(&mut scene, &[]);
    scene.append("access.log", "a\nb");
    check(&mut scene, &["a"]);
    scene.append("access.log", "c\n");
    check(&mut scene, &["bc"]);
}

#[test]
fn late_lines_of_a_rotated_file_are_read() {
    let mut scene = Scene::new(&["access.log"]);
    scene.append("access.log", "a\n");
    check(&mut scene, &["a"]);
    scene.rename("access.log", "elsewhere");
    scene.append("elsewhere", "b\nheld");
    check(&mut scene, &["b"]);
    scene.append("access.log", "c\n");
    scene.append("elsewhere", " on\nend");
    check(&mut scene, &["held on", "c"]);
    scene.read_out();
    assert_eq!(scene.taken(), ["end"]);
    assert_eq!(scene.vanished(), 0);
}

/// The mark of the compressed form is stored before that of the file is forgotten.
#[test]
fn a_file_that_is_read_on_in_its_compressed_form_is_not_missed_whenever_it_ends() {
    for events in 0..12 {
        let mut scene = Scene::new(&["access.log"]);
        scene.append("access.log", "a\n");
        check(&mut scene, &["a"]);
        scene.append("access.log", "b\n");
        scene.stop();
        scene.rename("access.log", "access.log.1");
        scene.append("access.log", "c\n");
        scene.compress("access.log.1");
        scene.read_and_die(events);
        scene.read_out();
        let mut lines = scene.taken();
        lines.sort();
        assert_eq!(
            (lines.join(" "), scene.vanished()),
            ("b c".to_owned(), 0),
            "{events}"
        );
    }
}

#[test]
fn an_empty_file_that_is_rotated_and_compressed_is_not_missed() {
    for compressed in [false, true] {
        let mut scene = Scene::new(&["access.log"]);
        scene.append("access.log", "a\n");
        check(&mut scene, &["a"]);
        scene.rename("access.log", "access.log.1");
        scene.append("access.log", "");
        check(&mut scene, &[]);
        scene.stop();
        scene.rename("access.log.1", "access.log.2");
        scene.rename("access.log", "access.log.1");
        if compressed {
            scene.compress("access.log.1");
        }
        scene.append("access.log", "b\n");
        check(&mut scene, &["b"]);
        scene.read_out();
        assert_eq!(
            (scene.taken().len(), scene.vanished()),
            (0, 0),
            "{compressed}"
        );
    }
}

/// As long as a writer has not got another file, it writes to the one that it has.
#[test]
fn a_file_without_a_successor_is_not_left() {
    let mut scene = Scene::new(&["access.log"]);
    scene.append("access.log", "a\n");
    check(&mut scene, &["a"]);
    scene.rename("access.log", "access.log.1");
    scene.read_out();
    scene.append("access.log.1", "b\n");
    check(&mut scene, &["b"]);
}

#[test]
fn generations_that_came_and_went_are_read_and_older_ones_are_not() {
    let mut scene = Scene::with(&["access.log"], settings());
    scene.append("access.log.2", "old\n");
    scene.append("access.log.1", "old too\n");
    scene.compress("access.log.2");
    scene.tick();
    scene.append("access.log", "a\n");
    check(&mut scene, &["a"]);
    scene.stop();
    scene.append("access.log", "b\n");
    scene.tick();
    scene.rename("access.log", "access.log.5");
    scene.append("access.log.4", "c\n");
    scene.compress("access.log.4");
    scene.tick();
    scene.append("access.log.3", "d\n");
    scene.append("access.log", "e\n");
    scene.read();
    scene.lines.sort();
    assert_eq!(scene.taken(), ["b", "c", "d", "e"]);
    assert_eq!(scene.vanished(), 0);
}

#[test]
fn what_was_not_read_before_truncation_is_read_in_the_copy() {
    for compressed in [false, true] {
        let mut scene = Scene::new(&["access.log"]);
        scene.append("access.log", "a\n");
        check(&mut scene, &["a"]);
        scene.append("access.log", "b\nc\n");
        scene.copy_and_truncate("access.log", "access.log.1");
        if compressed {
            scene.compress("access.log.1");
        }
        scene.append("access.log", "and a longer line than before\n");
        scene.read();
        scene.read();
        scene.lines.sort();
        assert_eq!(scene.taken(), ["and a longer line than before", "b", "c"]);
        assert_eq!(scene.vanished(), 0);
    }
}

#[test]
fn what_cannot_be_found_is_told() {
    let mut scene = Scene::new(&["access.log"]);
    scene.append("access.log", "a\n");
    check(&mut scene, &["a"]);
    // Written anew, and longer than before, between two looks.
    fs::write(scene.path("access.log"), "b\nc\n").unwrap();
    check(&mut scene, &["b", "c"]);
    assert_eq!(scene.vanished(), 1);
    scene.stop();
    fs::remove_file(scene.path("access.log")).unwrap();
    scene.append("access.log", "d\n");
    check(&mut scene, &["d"]);
    assert_eq!(scene.vanished(), 2);
    // One is of the source itself.
    assert_eq!(scene.marks.len(), 2);
}

#[test]
fn a_link_is_followed_to_where_it_points() {
    let mut scene = Scene::new(&["current"]);
    scene.append("1.log", "a\n");
    symlink("1.log", scene.path("current")).unwrap();
    check(&mut scene, &["a"]);
    fs::remove_file(scene.path("current")).unwrap();
    scene.append("2.log", "c\n");
    symlink("2.log", scene.path("current")).unwrap();
    scene.append("1.log", "b\n");
    check(&mut scene, &["b", "c"]);
}

#[test]
fn a_pattern_finds_files_as_they_come_and_leaves_out_what_was_compressed_before() {
    let mut scene = Scene::new(&["*.log*"]);
    scene.append("old.log", "never\n");
    scene.compress("old.log");
    scene.append("a.log", "a\n");
    scene.append("b.log", "b\n");
    check(&mut scene, &["a", "b"]);
    scene.append("c.log", "c\n");
    scene.append("brief.log", "brief\n");
    scene.compress("brief.log");
    scene.read();
    scene.lines.sort();
    assert_eq!(scene.taken(), ["brief", "c"]);
    // A copy of what is read is not read again.
    fs::copy(scene.path("a.log"), scene.path("a.log.1")).unwrap();
    check(&mut scene, &[]);
}

#[test]
fn no_more_files_are_open_than_may_be() {
    let few = LiveSettings {
        most_files: 2,
        ..settings()
    };
    let mut scene = Scene::with(&["*.log"], few);
    for name in ["a.log", "b.log", "c.log"] {
        scene.append(name, &format!("{name}\n"));
    }
    check(&mut scene, &["a.log", "b.log"]);
    let is_crowded = |event: &Event| matches!(event, Event::Crowded { source: 0 });
    assert!(scene.others.len() == 1 && is_crowded(&scene.others[0]));
    // Files that are quiet make room, and are opened again when they grow.
    scene.read_out();
    assert_eq!(scene.taken(), ["c.log"]);
    scene.read_out();
    scene.append("a.log", "again\n");
    scene.append("b.log", "again\n");
    scene.append("c.log", "again\n");
    scene.read_out();
    scene.read_out();
    assert_eq!(scene.taken(), ["again"; 3]);
}

#[test]
fn long_lines_are_cut_and_told() {
    let mut scene = Scene::new(&["access.log"]);
    scene.append("access.log", &("x".repeat(150) + "\na\n"));
    check(&mut scene, &["x".repeat(101).as_str(), "a"]);
    assert!(matches!(
        scene.others[..],
        [Event::Cut {
            source: 0,
            bytes: 49
        }]
    ));
}

#[test]
fn marks_of_files_that_are_gone_are_forgotten() {
    let mut scene = Scene::new(&["access.log"]);
    for number in 0..5 {
        scene.append("access.log", &format!("{number}\n"));
        scene.read_out();
        scene.rename("access.log", "access.log.1");
    }
    assert!(scene.marks.len() <= 3, "{:?}", scene.marks);
    assert_eq!(scene.taken(), ["0", "1", "2", "3", "4"]);
    assert_eq!(scene.vanished(), 0);
}

#[test]
fn with_another_key_no_file_is_known() {
    let mut scene = Scene::new(&["access.log"]);
    scene.append("access.log", "a\n");
    check(&mut scene, &["a"]);
    scene.stop();
    scene.settings.fingerprint_key = [8; 32];
    check(&mut scene, &["a"]);
    assert_eq!(scene.vanished(), 1);
}

#[test]
fn files_with_the_same_lines_are_different_files() {
    let mut scene = Scene::new(&["*.log"]);
    scene.append("a.log", "same\n");
    scene.append("b.log", "same\n");
    check(&mut scene, &["same", "same"]);
    // A rotated file and its successor, neither of which was looked at before.
    scene.append("c.log.1", "same\n");
    // Times of birth have the resolution of the kernel's clock.
    std::thread::sleep(std::time::Duration::from_millis(20));
    scene.append("c.log", "same\nsame\n");
    check(&mut scene, &["same", "same", "same"]);
    // And one that has the name of one that was read.
    scene.stop();
    fs::remove_file(scene.path("a.log")).unwrap();
    scene.append("a.log", "same\n");
    check(&mut scene, &["same"]);
}

/// File systems use the numbers of deleted files again; where none does within some hundred files, there is
/// nothing to be tested.
#[test]
fn a_number_that_is_used_again_is_another_file() {
    for text in ["a\nb\n", "b\nc\n"] {
        let mut scene = Scene::new(&["access.log"]);
        scene.append("access.log", "a\n");
        check(&mut scene, &["a"]);
        scene.stop();
        let number = |scene: &Scene, name: &str| scene.path(name).metadata().unwrap().ino();
        let old = number(&scene, "access.log");
        fs::remove_file(scene.path("access.log")).unwrap();
        let mut others = 0..500;
        let is_again = others.any(|other| {
            let name = format!("other {other}");
            scene.append(&name, text);
            let is_again = number(&scene, &name) == old;
            if is_again {
                scene.rename(&name, "access.log");
            }
            is_again
        });
        if is_again {
            check(&mut scene, &text.lines().collect::<Vec<_>>());
            assert_eq!(scene.vanished(), 1);
        } else {
            eprintln!("skipped: the file system does not use numbers again");
        }
    }
}

#[test]
fn a_link_that_is_changed_while_nobody_looks_is_followed() {
    let mut scene = Scene::new(&["current"]);
    scene.append("1.log", "a\n");
    symlink("1.log", scene.path("current")).unwrap();
    check(&mut scene, &["a"]);
    scene.stop();
    scene.append("1.log", "b\n");
    fs::remove_file(scene.path("current")).unwrap();
    scene.append("2.log", "c\n");
    symlink("2.log", scene.path("current")).unwrap();
    scene.read();
    scene.lines.sort();
    assert_eq!(scene.taken(), ["b", "c"]);
    scene.append("1.log", "d\n");
    check(&mut scene, &["d"]);
    assert_eq!(scene.vanished(), 0);
}

#[test]
fn a_file_that_comes_and_goes_is_read_each_time() {
    for stops in [false, true] {
        let mut scene = Scene::new(&["*.log"]);
        for (count, text) in ["a\n", "b\n", "a\n"].into_iter().enumerate() {
            scene.append("app.log", text);
            check(&mut scene, &[text.trim_end()]);
            if stops {
                scene.stop();
            }
            fs::remove_file(scene.path("app.log")).unwrap();
            check(&mut scene, &[]);
            // Who had it open knows that it was read to its end.
            assert_eq!(scene.vanished(), if stops { count + 1 } else { 0 });
        }
    }
}

#[test]
fn what_was_rotated_before_the_first_look_is_not_read() {
    for name in ["access.log", "*.log"] {
        let mut scene = Scene::with(&[name], settings());
        scene.append("access.log.2", "old\n");
        scene.compress("access.log.2");
        scene.append("access.log.1", "old too\n");
        scene.append("access.log", "a\n");
        check(&mut scene, &["a"]);
        // But what is written to it later is.
        scene.stop();
        scene.append("access.log.1", "late\n");
        check(&mut scene, &["late"]);
        scene.rename("access.log.1", "access.log.3");
        scene.compress("access.log.3");
        check(&mut scene, &[]);
        assert_eq!(scene.vanished(), 0);
    }
}

/// After a restart the copies of files of less than a kibibyte are not known.
#[test]
fn lines_that_are_read_between_copying_and_emptying_are_not_read_again() {
    for (count, stops) in [(100, false), (100, true), (1, false)] {
        let mut scene = Scene::new(&["access.log"]);
        let lines: Vec<_> = (0..count).map(|line| format!("line {line:010}")).collect();
        scene.append("access.log", &(lines.join("\n") + "\n"));
        scene.read();
        assert_eq!(scene.taken(), lines);
        fs::copy(scene.path("access.log"), scene.path("access.log.1")).unwrap();
        scene.append("access.log", "between\n");
        check(&mut scene, &["between"]);
        if stops {
            scene.stop();
        }
        fs::write(scene.path("access.log"), "after\n").unwrap();
        check(&mut scene, &["after"]);
        assert_eq!(scene.vanished(), 0);
    }
}

#[test]
fn an_archive_that_is_still_being_written_is_waited_for() {
    let mut scene = Scene::new(&["access.log"]);
    scene.append("access.log", "a\n");
    check(&mut scene, &["a"]);
    scene.stop();
    scene.append("access.log", "b\n");
    scene.rename("access.log", "access.log.1");
    let content = fs::read(scene.path("access.log.1")).unwrap();
    scene.compress("access.log.1");
    let whole = fs::read(scene.path("access.log.1.gz")).unwrap();
    fs::write(scene.path("access.log.1"), content).unwrap();
    scene.append("access.log", "c\n");
    for part in [0, 5, whole.len() / 2] {
        fs::write(scene.path("access.log.1.gz"), &whole[..part]).unwrap();
        scene.read();
    }
    fs::remove_file(scene.path("access.log.1")).unwrap();
    fs::write(scene.path("access.log.1.gz"), &whole).unwrap();
    scene.read();
    scene.lines.sort();
    assert_eq!(scene.taken(), ["b", "c"]);
}

#[test]
fn a_folder_that_is_not_mounted_is_waited_for() {
    let mut scene = Scene::new(&["logs/access.log"]);
    fs::create_dir(scene.path("logs")).unwrap();
    scene.append("logs/access.log", "a\n");
    check(&mut scene, &["a"]);
    scene.stop();
    scene.rename("logs", "elsewhere");
    check(&mut scene, &[]);
    assert_eq!(scene.vanished(), 1);
    scene.rename("elsewhere", "logs");
    scene.append("logs/access.log", "b\n");
    check(&mut scene, &["b"]);
}

/// The copy that is being compressed is the one to be read, not its compressed form that is not whole.
#[test]
fn a_copy_that_is_being_compressed_is_read_once() {
    let mut scene = Scene::new(&["access.log*"]);
    scene.append("access.log", "a\n");
    check(&mut scene, &["a"]);
    scene.stop();
    scene.append("access.log", "b\n");
    scene.copy_and_truncate("access.log", "access.log.1");
    let copy = fs::File::open(scene.path("access.log.1")).unwrap();
    let modified = copy.metadata().unwrap().modified().unwrap();
    let content = fs::read(scene.path("access.log.1")).unwrap();
    scene.compress("access.log.1");
    scene.append("access.log.1", std::str::from_utf8(&content).unwrap());
    let gzip = fs::File::options()
        .append(true)
        .open(scene.path("access.log.1.gz"));
    let earlier = modified - std::time::Duration::from_secs(1);
    gzip.unwrap().set_modified(earlier).unwrap();
    check(&mut scene, &["b"]);
    fs::remove_file(scene.path("access.log.1")).unwrap();
    scene.read_out();
    scene.stop();
    check(&mut scene, &[]);
    assert_eq!(scene.vanished(), 0);
}

//! Key files: somebody reads one, plants one, puts an older one back, or has the program give one up
//! before its time.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::Path,
    process::Command,
};

use rustix::process::geteuid;

use crate::{
    keys::{Scene, check_said, expand, site},
    program::{assert_same, published, report, run_for, tree},
    site::{lines, midnight},
};

/// Forged timestamps would have it give up the keys of days that are not over.
#[test]
fn times_in_a_log_never_advance_the_key() {
    let scene = Scene::new("2025-06-03", 2);
    let mut forged = site(2);
    for year in [2099, 2500, 9999] {
        forged.extend(lines(midnight(year, 6, 3), 1, 150));
    }
    scene.log(&forged);
    run_for(&mut scene.report(), 0);
    scene.check_advanced("2025-06-05");
    scene.log(&forged[900..]);
    run_for(&mut scene.report_to("other"), 0);
    scene.check_advanced("2025-06-05");
    let asked = run_for(scene.report().arg("--include-open"), 1);
    check_said(&asked, "cannot be used with");
}

#[test]
fn an_older_copy_that_was_put_back_is_refused() {
    let scene = Scene::new("2025-06-03", 2);
    let copy = scene.bytes();
    run_for(&mut scene.report(), 0);
    fs::write(scene.file(), &copy).expect("our file");
    let before = tree(&scene.out());
    let output = run_for(&mut scene.report(), 3);
    check_said(&output, "an older copy of the file was put back");
    assert_same(&tree(&scene.out()), &before, "nothing is released");
    assert_eq!(scene.bytes(), copy);
    run_for(scene.key("advance").arg("--to=2025-06-05"), 0);
    run_for(&mut scene.report(), 0);
}

#[test]
fn a_key_file_that_others_may_have_had_is_refused() {
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("our own");
    };
    let check = |alter: &dyn Fn(&Scene), expected: &str| {
        let scene = Scene::new("2025-06-03", 1);
        alter(&scene);
        let before = fs::read(scene.file()).expect("a file");
        for command in [
            &mut scene.report(),
            &mut scene.key("info"),
            &mut scene.key("advance"),
        ] {
            check_said(&run_for(command, 3), expected);
        }
        assert_eq!(fs::read(scene.file()).expect("a file"), before);
        assert!(published(&scene.out()).is_empty());
    };
    let moved = |scene: &Scene| {
        let other = scene.folder().join("other");
        fs::rename(scene.file(), &other).expect("another name");
        other
    };
    check(&|scene| mode(&scene.file(), 0o640), "chmod 600");
    check(
        &|scene| mode(&scene.folder(), 0o777),
        "others can write to the folder",
    );
    check(
        &|scene| mode(&scene.folder(), 0o775),
        "others can write to the folder",
    );
    check(
        &|scene| symlink(moved(scene), scene.file()).expect("a link"),
        "symbolic link",
    );
    check(
        &|scene| fs::hard_link(moved(scene), scene.file()).expect("a link"),
        "hard link",
    );
    for length in [0, 1, 52, 54, 5300] {
        let other = vec![1; length];
        check(
            &|scene| fs::write(scene.file(), &other).expect("our file"),
            "its length is another",
        );
    }
    if geteuid().is_root() {
        check(
            &|scene| chown(scene.file(), Some(65_534), None).expect("an administrator"),
            "belongs to someone else",
        );
    }
    let cleared = |scene: &Scene| {
        let mut bytes = scene.bytes();
        bytes[20] ^= 1;
        fs::write(scene.file(), bytes).expect("our file");
    };
    check(&cleared, "damaged");
    let scene = Scene::new("2025-06-03", 1);
    let fifo = scene.folder().join("fifo");
    let made = Command::new("mkfifo").arg("-m600").arg(&fifo).status();
    assert!(made.expect("coreutils").success());
    // Nor is a pipe waited for that stands in the place of the folder.
    let within = fifo.join("key");
    let output = run_for(report(&scene.out()).arg("--key-file").arg(fifo).arg("-"), 3);
    check_said(&output, "not a key file");
    run_for(
        report(&scene.out()).arg("--key-file").arg(within).arg("-"),
        1,
    );
}

/// Who has stolen a later file and knows its format makes one of an earlier day of it, check tag and
/// all. It is a file like others, but its days lead nowhere.
#[test]
fn a_stolen_later_key_opens_no_earlier_day() {
    let scene = Scene::new("2025-06-03", 3);
    let earlier = scene.bytes();
    run_for(scene.key("advance").arg("--to=2025-06-05"), 0);
    let stolen = scene.bytes();
    let advance_from = |file: &[u8]| {
        fs::write(scene.file(), file).expect("our file");
        run_for(scene.key("advance").arg("--to=2025-06-05"), 0);
        scene.bytes()
    };
    assert_eq!(advance_from(&earlier), stolen);
    let mut backdated = stolen.clone();
    backdated[1..5].copy_from_slice(&earlier[1..5]);
    fs::write(scene.file(), &backdated).expect("our file");
    check_said(&run_for(&mut scene.report(), 3), "damaged");
    let epoch = u32::from_be_bytes(earlier[1..5].try_into().expect("four bytes"));
    backdated.truncate(37);
    backdated.extend(&expand(&stolen[5..37], "check", epoch)[..16]);
    assert_ne!(advance_from(&backdated), stolen);
    assert_ne!(earlier[5..37], stolen[5..37]);
}

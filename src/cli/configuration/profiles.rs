//! Configuration files that ship with the program, each for what a site may say of its visitors' data.

use std::path::Path;

use hushlog::error::{Error, Result};

/// What stands before the name of one where a file is named.
const MARK: &str = "profile:";

/// Their names and texts, from the one that handles least to the one that handles most.
const PROFILES: [(&str, &str); 7] = [
    (
        "count-only",
        include_str!("../../../data/profiles/count-only.toml"),
    ),
    (
        "hidden-by-noise",
        include_str!("../../../data/profiles/hidden-by-noise.toml"),
    ),
    ("strict", include_str!("../../../data/profiles/strict.toml")),
    ("visits", include_str!("../../../data/profiles/visits.toml")),
    ("shop", include_str!("../../../data/profiles/shop.toml")),
    (
        "pseudonymous-log",
        include_str!("../../../data/profiles/pseudonymous-log.toml"),
    ),
    (
        "sealed-originals",
        include_str!("../../../data/profiles/sealed-originals.toml"),
    ),
];

/// The names of all.
pub(super) fn names() -> [&'static str; PROFILES.len()] {
    PROFILES.map(|(name, _)| name)
}

/// The text of the one with this name.
pub(super) fn text(name: &str) -> Option<&'static str> {
    let mut profiles = PROFILES.into_iter();
    profiles.find_map(|(other, text)| (other == name).then_some(text))
}

/// The text of the one that is named in the place of a file; `None` if a file is meant.
///
/// # Errors
/// If there is none of that name.
pub(super) fn named(path: &Path) -> Result<Option<&'static str>> {
    let Some(name) = path.to_str().and_then(|path| path.strip_prefix(MARK)) else {
        return Ok(None);
    };
    let unknown = || {
        let names = names().join(", ");
        Error::Setting(format!("{MARK}{name}: no such profile, but {names}"))
    };
    text(name).map(Some).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_named_in_the_place_of_a_file() {
        let text = named(Path::new("profile:count-only")).expect("a profile");
        assert!(text.is_some_and(|text| text.contains("counts-only")));
        assert_eq!(named(Path::new("count-only")).expect("a file"), None);
        let message = named(Path::new("profile:counts")).expect_err("no such profile");
        assert!(message.to_string().contains("count-only, hidden-by-noise"));
    }
}

//! The countries of the world: their names and outlines. Where they are from is told in `data/README.md`.

use std::sync::LazyLock;

/// A line each: two-letter code, name, outline; in the order of codes.
const LINES: &str = include_str!("../../../data/world/world.tsv");

static COUNTRIES: LazyLock<Vec<Country>> =
    LazyLock::new(|| LINES.lines().filter_map(country).collect());

/// The part of the map's plane that has land, as an SVG `viewBox`.
pub(super) const VIEW: &str = "0 14 960 424";

/// A country of ISO 3166-1.
pub(super) struct Country {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    /// An SVG path; empty where the country is on no map of the source.
    pub(super) outline: &'static str,
}

/// All of them in the order of their codes.
pub(super) fn countries() -> &'static [Country] {
    &COUNTRIES
}

/// The country of a code.
pub(super) fn country_of(code: &str) -> Option<&'static Country> {
    let found = COUNTRIES.binary_search_by(|it| it.code.cmp(code));
    found.ok().map(|at| &COUNTRIES[at])
}

fn country(line: &'static str) -> Option<Country> {
    let mut fields = line.split('\t');
    Some(Country {
        code: fields.next()?,
        name: fields.next()?,
        outline: fields.next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_a_name_and_most_have_an_outline() {
        let countries = countries();
        assert!(countries.is_sorted_by(|one, other| one.code < other.code));
        let plain = |it: char| it.is_ascii_digit() || "Mlz -".contains(it);
        assert!(countries.iter().all(|it| it.outline.chars().all(plain)));
        assert!(
            countries
                .iter()
                .all(|it| it.code.len() == 2 && !it.name.is_empty())
        );
        let drawn = countries.iter().filter(|it| !it.outline.is_empty());
        assert_eq!((countries.len(), drawn.count()), (250, 235));
        assert_eq!(country_of("GB").unwrap().name, "United Kingdom");
        assert!(country_of("(other)").is_none());
    }
}

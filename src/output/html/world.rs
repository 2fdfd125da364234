//! The countries of the world: their names and outlines. Where they are from is told in `data/README.md`.

/// A line each: two-letter code, name, outline.
const COUNTRIES: &str = include_str!("../../../data/world/world.tsv");

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
pub(super) fn countries() -> impl Iterator<Item = Country> {
    COUNTRIES.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        Some(Country {
            code: fields.next()?,
            name: fields.next()?,
            outline: fields.next()?,
        })
    })
}

/// The English name of a country.
pub(super) fn name(code: &str) -> Option<&'static str> {
    let mut countries = countries();
    countries.find(|it| it.code == code).map(|it| it.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_a_name_and_most_have_an_outline() {
        let countries: Vec<Country> = countries().collect();
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
        assert_eq!(name("GB"), Some("United Kingdom"));
        assert_eq!(name("(other)"), None);
    }
}

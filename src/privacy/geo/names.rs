//! English names of subdivisions, and the ISO 3166-2 codes they stand for.

use hashbrown::{HashMap, hash_map::Entry};
use unicode_normalization::UnicodeNormalization;

/// A line is a code and its names, separated by tabs. Of two lists that have a name the first decides.
const LISTS: [&str; 2] = [
    include_str!("../../../data/subdivisions/own.tsv"),
    include_str!("../../../data/subdivisions/cldr.tsv"),
];

/// A longer name, in bytes, is none.
const LONGEST: usize = 200;

/// Words for the kind of a subdivision, and articles: databases disagree on them.
const KINDS: &[&str] = &[
    "administrative",
    "al",
    "and",
    "ar",
    "area",
    "as",
    "ash",
    "at",
    "autonomous",
    "baladiyat",
    "canton",
    "capital",
    "city",
    "community",
    "county",
    "d",
    "da",
    "de",
    "del",
    "departamento",
    "department",
    "di",
    "district",
    "division",
    "do",
    "el",
    "emirate",
    "estado",
    "governorate",
    "krai",
    "kraj",
    "kray",
    "la",
    "le",
    "metropolitan",
    "mintaqat",
    "muhafazat",
    "municipality",
    "municipio",
    "oblast",
    "oblisi",
    "oblysy",
    "of",
    "parish",
    "prefecture",
    "province",
    "provincia",
    "region",
    "regione",
    "republic",
    "special",
    "state",
    "territory",
    "the",
    "urban",
    "voblasc",
    "voblast",
    "voivodeship",
    "wilaya",
    "wilayat",
    "zone",
];

/// The codes of all names known.
#[derive(Default)]
pub(super) struct Names {
    /// By country and name.
    whole: HashMap<String, &'static str>,
    /// By country and name without the kind of the subdivision; `None` where several share it.
    bare: HashMap<String, Option<&'static str>>,
}

impl Names {
    /// The names that are part of the program.
    pub(super) fn known() -> Self {
        let mut names = Self::default();
        for line in LISTS.iter().flat_map(|list| list.lines()) {
            let mut fields = line.split('\t');
            let code = fields.next().and_then(|code| code.split_once('-'));
            if let Some((country, code)) = code {
                fields.for_each(|name| names.add(country, code, name));
            }
        }
        names
    }

    /// The code of a country's subdivision, without the country: `CA` of `US` and `California`.
    pub(super) fn code(&self, country: &str, name: &str) -> Option<&'static str> {
        let name = Some(name).filter(|name| name.len() <= LONGEST)?;
        self.exactly(country, name).or_else(|| {
            let (before_parenthesis, _) = name.split_once('(')?;
            self.exactly(country, before_parenthesis)
        })
    }

    fn exactly(&self, country: &str, name: &str) -> Option<&'static str> {
        let words = words(name);
        self.whole
            .get(&key(country, &words))
            .copied()
            .or_else(|| *self.bare.get(&key(country, &without_kinds(words)))?)
    }

    fn add(&mut self, country: &str, code: &'static str, name: &str) {
        let words = words(name);
        self.whole.entry(key(country, &words)).or_insert(code);
        let words = without_kinds(words);
        if words.is_empty() {
            return;
        }
        match self.bare.entry(key(country, &words)) {
            Entry::Occupied(mut known) if *known.get() != Some(code) => {
                known.insert(None);
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(new) => {
                new.insert(Some(code));
            }
        }
    }
}

fn key(country: &str, words: &[String]) -> String {
    let mut key = country.to_ascii_uppercase();
    key.extend(words.iter().map(String::as_str));
    key
}

fn without_kinds(mut words: Vec<String>) -> Vec<String> {
    words.retain(|word| KINDS.binary_search(&word.as_str()).is_err());
    words
}

/// The words of a name in lower case, without marks and apostrophes, in the letters a to z where the
/// name is in Latin script.
fn words(name: &str) -> Vec<String> {
    let mut folded = String::with_capacity(name.len());
    for character in name.to_lowercase().nfkd() {
        match character {
            '\'' | '`' | '´' | 'ʹ' | 'ʻ' | 'ʼ' | '‘' | '’' => {}
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ß' => folded.push_str("ss"),
            'þ' => folded.push_str("th"),
            'ð' | 'đ' => folded.push('d'),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'ı' => folded.push('i'),
            'ə' => folded.push('a'),
            _ if character.is_alphanumeric() => folded.push(character),
            _ if unicode_normalization::char::is_combining_mark(character) => {}
            _ => folded.push(' '),
        }
    }
    let words = folded.split_ascii_whitespace();
    words
        .map(|word| if word == "st" { "saint" } else { word }.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_code_however_they_are_spelled() {
        let names = Names::known();
        let cases = [
            ("US", "California", "CA"),
            ("US", "District of Columbia", "DC"),
            ("BR", "Sao Paulo", "SP"),
            ("BR", "São Paulo", "SP"),
            ("DE", "Baden-Wurttemberg", "BW"),
            ("DE", "Baden-Württemberg Region", "BW"),
            ("FR", "Ile-de-France", "IDF"),
            ("FR", "Paris", "IDF"),
            ("FR", "Rhone-Alpes", "ARA"),
            ("KR", "Gyeonggi-do", "41"),
            ("MX", "Mexico City", "CMX"),
            ("MX", "Mexico", "MEX"),
            ("RU", "Moscow", "MOW"),
            ("RU", "Moscow Oblast", "MOS"),
            ("RU", "St.-Petersburg", "SPE"),
            ("UA", "Kharkivs’ka Oblast’", "63"),
            ("IR", "Tehran", "23"),
            ("AR", "Buenos Aires", "B"),
            ("AR", "Buenos Aires F.D.", "C"),
            ("NO", "Akershus", "32"),
            ("US", "Washington D.C. (Capitol Hill)", "DC"),
            ("gb", "england", "ENG"),
        ];
        for (country, name, expected) in cases {
            assert_eq!(
                names.code(country, name),
                Some(expected),
                "{country} {name}"
            );
        }
    }

    #[test]
    fn names_are_compared_in_plain_letters() {
        let cases: [(&str, &[&str]); 11] = [
            ("Île-de-France", &["ile", "de", "france"]),
            ("Xi’an", &["xian"]),
            ("Ævar", &["aevar"]),
            ("Œst", &["oest"]),
            ("Preßburg", &["pressburg"]),
            ("Þing", &["thing"]),
            ("Guðrún Đà", &["gudrun", "da"]),
            ("Ølen", &["olen"]),
            ("Łódź", &["lodz"]),
            ("Diyarbakır", &["diyarbakir"]),
            ("Gəncə", &["ganca"]),
        ];
        for (name, expected) in cases {
            assert_eq!(words(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_that_several_share_without_their_kind_is_of_none() {
        let mut names = Names::default();
        names.add("XX", "A", "Foo Province");
        names.add("XX", "A", "Foo Region");
        assert_eq!(names.code("XX", "Foo"), Some("A"));
        names.add("XX", "B", "Foo District");
        assert_eq!(names.code("XX", "Foo"), None);
        assert_eq!(names.code("XX", "Foo District"), Some("B"));
    }

    #[test]
    fn what_is_no_name_of_the_country_has_no_code() {
        let names = Names::known();
        let long = "a".repeat(1 << 20);
        let cases = [("FR", "California"), ("US", ""), ("US", "Region"), ("", "")];
        for (country, name) in cases.into_iter().chain([("US", long.as_str())]) {
            assert_eq!(names.code(country, name), None, "{country}");
        }
    }

    #[test]
    fn the_lists_are_well_formed() {
        assert!(KINDS.is_sorted());
        for line in LISTS.iter().flat_map(|list| list.lines()) {
            let (code, names) = line.split_once('\t').unwrap();
            let (country, code) = code.split_once('-').unwrap();
            let region = super::super::Region::new(country, code);
            assert_eq!(region.subdivision(), Some(code), "{line}");
            assert!(
                names.split('\t').all(|name| !name.trim().is_empty()),
                "{line}"
            );
        }
    }
}

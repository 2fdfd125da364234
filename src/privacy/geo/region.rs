//! A country and its subdivision, as codes.

/// A country (ISO 3166-1 alpha-2) and its subdivision (the part of ISO 3166-2 after the hyphen).
///
/// Zero bytes stand for what is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Region {
    country: [u8; 2],
    subdivision: [u8; 3],
}

impl Region {
    /// A region from its codes; a code that is not one is unknown.
    #[must_use]
    pub fn new(country: &str, subdivision: &str) -> Self {
        let Some(country) = code::<2>(country).filter(|_| country.len() == 2) else {
            return Self::default();
        };
        Self {
            country,
            subdivision: code::<3>(subdivision).unwrap_or_default(),
        }
    }

    /// The region as one number.
    #[must_use]
    pub fn key(self) -> u64 {
        let [a, b] = self.country;
        let [c, d, e] = self.subdivision;
        u64::from_be_bytes([0, 0, 0, a, b, c, d, e])
    }

    /// The region of a number made by [`Region::key`].
    #[must_use]
    pub const fn from_key(key: u64) -> Self {
        let [_, _, _, a, b, c, d, e] = key.to_be_bytes();
        Self {
            country: [a, b],
            subdivision: [c, d, e],
        }
    }

    /// Every country that a code can name, in the order of their numbers, the unknown one first.
    pub fn countries() -> impl Iterator<Item = Self> {
        let letters = || b'A'..=b'Z';
        let codes = letters().flat_map(move |first| letters().map(move |second| [first, second]));
        let country = |country| Self {
            country,
            subdivision: [0; 3],
        };
        [[0; 2]].into_iter().chain(codes).map(country)
    }

    /// The country alone.
    #[must_use]
    pub const fn without_subdivision(self) -> Self {
        Self {
            country: self.country,
            subdivision: [0; 3],
        }
    }

    /// The country's code, `US`.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        text(&self.country)
    }

    /// The subdivision's code without its country, `CA`.
    #[must_use]
    pub fn subdivision(&self) -> Option<&str> {
        text(&self.subdivision)
    }

    /// The full ISO 3166-2 code, `US-CA`.
    #[must_use]
    pub fn region(&self) -> Option<String> {
        Some(format!("{}-{}", self.country()?, self.subdivision()?))
    }
}

/// A code of one to `N` letters or digits, upper case, padded with zero bytes.
fn code<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.is_empty() || text.len() > N || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let mut code = [0; N];
    code[..text.len()].copy_from_slice(text.to_ascii_uppercase().as_bytes());
    Some(code)
}

fn text(code: &[u8]) -> Option<&str> {
    let length = code
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(code.len());
    std::str::from_utf8(&code[..length])
        .ok()
        .filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_the_trip_through_a_number() {
        for (country, subdivision) in [("US", "CA"), ("GB", "ENG"), ("SE", "E"), ("FR", "")] {
            let region = Region::new(country, subdivision);
            assert_eq!(Region::from_key(region.key()), region);
            assert_eq!(region.country(), Some(country));
        }
    }

    #[test]
    fn what_is_no_code_is_unknown() {
        assert_eq!(Region::new("USA", "CA"), Region::default());
        assert_eq!(Region::new("U=", "CA").country(), None);
        assert_eq!(Region::new("US", "California").region(), None);
        assert_eq!(Region::new("us", "ca").region().as_deref(), Some("US-CA"));
    }
}

//! The data types of the `MaxMind` DB format (<https://maxmind.github.io/MaxMind-DB/>, version 2.0), as
//! far as region databases need them.

/// Types by their number in the format.
#[derive(Clone, Copy)]
enum Type {
    Utf8 = 2,
    Unsigned16 = 5,
    Unsigned32 = 6,
    Map = 7,
    Unsigned64 = 9,
    Array = 11,
}

/// Values, one after the other.
#[derive(Default)]
pub(super) struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    /// Where the next value begins.
    pub(super) const fn position(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A map; its keys and values in turn have to follow.
    pub(super) fn map(&mut self, entries: usize) -> &mut Self {
        self.control(Type::Map, entries);
        self
    }

    /// An array; its elements have to follow.
    pub(super) fn array(&mut self, elements: usize) -> &mut Self {
        self.control(Type::Array, elements);
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.control(Type::Utf8, text.len());
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    pub(super) fn unsigned16(&mut self, value: u16) -> &mut Self {
        self.unsigned(Type::Unsigned16, value.into())
    }

    pub(super) fn unsigned32(&mut self, value: u32) -> &mut Self {
        self.unsigned(Type::Unsigned32, value.into())
    }

    pub(super) fn unsigned64(&mut self, value: u64) -> &mut Self {
        self.unsigned(Type::Unsigned64, value)
    }

    fn unsigned(&mut self, of_type: Type, value: u64) -> &mut Self {
        let bytes = value.to_be_bytes();
        let leading = value.leading_zeros() as usize / 8;
        self.control(of_type, bytes.len() - leading);
        self.bytes.extend_from_slice(&bytes[leading..]);
        self
    }

    /// The byte that says type and size, and those that it needs to.
    fn control(&mut self, of_type: Type, size: usize) {
        let (size, rest) = match size {
            0..29 => (size, &[][..]),
            29..285 => (29, &(size - 29).to_be_bytes()[7..]),
            285..65_821 => (30, &(size - 285).to_be_bytes()[6..]),
            _ => (31, &(size - 65_821).to_be_bytes()[5..]),
        };
        let of_type = of_type as u8;
        let (of_type, extended) = if of_type > 7 {
            (0, Some(of_type - 7))
        } else {
            (of_type, None)
        };
        self.bytes.push(of_type << 5 | size as u8);
        self.bytes.extend(extended);
        self.bytes.extend_from_slice(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_bytes_are_those_of_the_format() {
        let cases: [(Type, usize, &[u8]); 7] = [
            (Type::Utf8, 28, &[0b010_11100]),
            (Type::Utf8, 29, &[0b010_11101, 0]),
            (Type::Utf8, 284, &[0b010_11101, 255]),
            (Type::Utf8, 285, &[0b010_11110, 0, 0]),
            (Type::Utf8, 65_821, &[0b010_11111, 0, 0, 0]),
            (Type::Map, 2, &[0b111_00010]),
            (Type::Array, 2, &[0b000_00010, 4]),
        ];
        for (of_type, size, expected) in cases {
            let mut encoder = Encoder::default();
            encoder.control(of_type, size);
            assert_eq!(encoder.into_bytes(), expected, "{size}");
        }
    }
}

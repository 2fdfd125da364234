//! Texts in one piece of memory, of which the processor has more at hand than of many small ones.

/// Texts, one behind the other.
#[derive(Default)]
pub(super) struct Texts(Vec<u8>);

/// Where a text is; nowhere for none.
#[derive(Clone, Copy)]
pub(super) struct Place {
    start: u32,
    end: u32,
}

impl Texts {
    /// Adds a text, of which there may be 4 GiB in all; what is added then is no text.
    pub(super) fn add(&mut self, text: &[u8]) -> Place {
        let start = self.end();
        self.0.extend_from_slice(text);
        let end = self.end();
        Place { start, end }
    }

    /// The text of a place; none of an empty one.
    pub(super) fn get(&self, place: Place) -> Option<&[u8]> {
        let text = self.0.get(place.start as usize..place.end as usize)?;
        (!text.is_empty()).then_some(text)
    }

    /// Forgets all texts.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn end(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
}

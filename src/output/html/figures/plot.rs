//! Columns over an axis: a wide one with a narrow one in front, since each is a part of the other.

use std::fmt::Display;

use super::super::{markup::Markup, number::grouped};

/// Width of a column's place, and height of the plane, in units of the drawing.
const PLACE: u64 = 10;
const HEIGHT: u64 = 1000;

/// Columns from left to right.
pub(in super::super) struct Plot {
    /// What is drawn, in words.
    pub(in super::super) label: String,
    pub(in super::super) columns: Vec<Option<Pair>>,
    /// Where there is a label below the axis: the number of a column, and the text.
    pub(in super::super) ticks: Vec<(usize, String)>,
}

/// What is drawn in one place; nothing of either is drawn where it is withheld.
pub(in super::super) struct Pair {
    pub(in super::super) back: Option<u64>,
    pub(in super::super) front: Option<u64>,
    /// What it says when it is pointed at.
    pub(in super::super) title: String,
}

impl Plot {
    /// Writes it.
    pub(in super::super) fn write(&self, page: &mut Markup) {
        let top = ceiling(self.largest());
        page.open("div", &[("class", &"plot")]);
        for part in [2, 1, 0] {
            let height: &dyn Display = &format!("bottom:{}%", part * 50);
            page.open(
                "div",
                &[
                    ("class", &"grid"),
                    ("style", height),
                    ("aria-hidden", &"true"),
                ],
            );
            page.element("span", &[], grouped(top / 2 * part));
            page.close("div");
        }
        let width = self.columns.len() as u64 * PLACE;
        page.open(
            "svg",
            &[
                ("viewBox", &format_args!("0 0 {width} {HEIGHT}")),
                ("preserveAspectRatio", &"none"),
                ("role", &"img"),
                ("aria-label", &self.label),
            ],
        );
        for (place, pair) in self.columns.iter().enumerate() {
            if let Some(pair) = pair {
                pair.write(page, place as u64 * PLACE, top);
            }
        }
        page.close("svg");
        page.close("div");
        self.axis(page);
    }

    fn largest(&self) -> u64 {
        let pairs = self.columns.iter().flatten();
        pairs
            .filter_map(|pair| pair.back.max(pair.front))
            .max()
            .unwrap_or(0)
    }

    fn axis(&self, page: &mut Markup) {
        page.open("div", &[("class", &"axis"), ("aria-hidden", &"true")]);
        let columns = self.columns.len().max(1);
        for (place, text) in &self.ticks {
            let middle = (place * 1000 + 500) / columns;
            let left: &dyn Display = &format!("left:{}.{}%", middle / 10, middle % 10);
            page.element("span", &[("style", left)], text);
        }
        page.close("div");
    }
}

impl Pair {
    fn write(&self, page: &mut Markup, left: u64, top: u64) {
        page.open("g", &[]);
        page.element("title", &[], &self.title);
        let area = if self.back.or(self.front).is_none() {
            "gap"
        } else {
            "area"
        };
        rectangle(page, area, left, PLACE, HEIGHT);
        let height = |number: u64| scaled(number, top);
        if let Some(back) = self.back {
            rectangle(page, "back", left + 1, PLACE - 2, height(back));
        }
        if let Some(front) = self.front {
            let margin = if self.back.is_some() { 2 } else { 1 };
            rectangle(
                page,
                "front",
                left + margin,
                PLACE - 2 * margin,
                height(front),
            );
        }
        page.close("g");
    }
}

fn rectangle(page: &mut Markup, class: &'static str, left: u64, width: u64, height: u64) {
    page.empty(
        "rect",
        &[
            ("class", &class),
            ("x", &left),
            ("y", &(HEIGHT - height)),
            ("width", &width),
            ("height", &height),
        ],
    );
}

fn scaled(number: u64, top: u64) -> u64 {
    let height = u128::from(number) * u128::from(HEIGHT) / u128::from(top.max(1));
    u64::try_from(height).unwrap_or(HEIGHT).min(HEIGHT)
}

/// An even number of one digit that counts, no less than the number: 2, 4, 6, 8, 10, 20, 40 …
fn ceiling(number: u64) -> u64 {
    let mut unit = 1_u64;
    while number > unit.saturating_mul(10) {
        unit = unit.saturating_mul(10);
    }
    let steps = [2, 4, 6, 8, 10].map(|digit| unit.saturating_mul(digit));
    let found = steps.into_iter().find(|step| *step >= number);
    found.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_a_round_number() {
        for (number, expected) in [
            (0, 2),
            (2, 2),
            (3, 4),
            (10, 10),
            (11, 20),
            (4820, 6000),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(ceiling(number), expected, "{number}");
        }
    }

    #[test]
    fn what_is_withheld_is_not_drawn_as_nothing() {
        let pair = |back, front| {
            let title = String::new();
            let mut page = Markup::default();
            Pair { back, front, title }.write(&mut page, 0, 10);
            String::from_utf8(page.into_bytes()).unwrap()
        };
        let zero = pair(Some(0), Some(0));
        assert!(zero.contains("height=\"0\"") && !zero.contains("gap"));
        let withheld = pair(None, None);
        assert!(withheld.contains("gap") && !withheld.contains("height=\"0\""));
    }
}

//! The ways from page to page: pages left on one side, pages that follow on the other, and bands between.

use std::fmt::Display;

use super::super::markup::Markup;
use crate::{
    aggregate::Measure,
    release::OTHER,
    view::{Figures, SumRow},
};

/// Bands, at most: the widest.
const BANDS: usize = 20;

/// Sizes in pixels: the higher side's bands together, the least room of a page's name, between pages.
const HEIGHT: u64 = 300;
const ROOM: u64 = 20;
const GAP: u64 = 8;

/// A step that is drawn.
struct Band<'f> {
    from: &'f str,
    to: &'f str,
    count: u64,
}

/// A page on one side.
struct Node<'f> {
    page: &'f str,
    count: u64,
    top: u64,
    /// How much of it has been given to bands.
    used: u64,
}

/// Writes it; nothing if no step from one page to another was published.
pub(in super::super) fn write(page: &mut Markup, transitions: &Figures) {
    let bands = bands(transitions);
    if bands.is_empty() {
        return;
    }
    let (mut from, mut to) = (nodes(&bands, |it| it.from), nodes(&bands, |it| it.to));
    let total = bands
        .iter()
        .fold(0_u64, |sum, it| sum.saturating_add(it.count));
    let scale = |count: u64| (count.saturating_mul(HEIGHT) / total.max(1)).max(2);
    let height = place(&mut from, scale).max(place(&mut to, scale));
    let style: &dyn Display = &format!("height:{height}px");
    page.open("div", &[("class", &"flows"), ("style", style)]);
    names(page, &from, "from");
    page.open(
        "svg",
        &[
            ("viewBox", &format_args!("0 0 100 {height}")),
            ("preserveAspectRatio", &"none"),
            ("role", &"img"),
            (
                "aria-label",
                &"The most frequent steps from page to page, as in the table below",
            ),
        ],
    );
    for band in &bands {
        let width = scale(band.count);
        let left = take(&mut from, band.from, width);
        let right = take(&mut to, band.to, width);
        draw(page, band, [left, right, width]);
    }
    page.close("svg");
    names(page, &to, "to");
    page.close("div");
}

/// The widest, those to the same page and to no page of their own left out.
fn bands(transitions: &Figures) -> Vec<Band<'_>> {
    let is_drawn = |row: &&SumRow| !row.keys.iter().any(|key| key == OTHER || key == "(same)");
    let rows = transitions.ranked(Measure::Transitions).into_iter();
    let bands = rows.filter(is_drawn).filter_map(|row| {
        let count = transitions.cell(row, Measure::Transitions)?;
        let [from, to] = row.keys.as_slice() else {
            return None;
        };
        Some(Band { from, to, count })
    });
    bands.filter(|band| band.count > 0).take(BANDS).collect()
}

/// The pages of a side in the order of their widest band.
fn nodes<'f>(bands: &[Band<'f>], side: impl Fn(&Band<'f>) -> &'f str) -> Vec<Node<'f>> {
    let mut nodes: Vec<Node<'f>> = Vec::new();
    for band in bands {
        let page = side(band);
        match nodes.iter_mut().find(|node| node.page == page) {
            Some(node) => node.count = node.count.saturating_add(band.count),
            None => nodes.push(Node {
                page,
                count: band.count,
                top: 0,
                used: 0,
            }),
        }
    }
    nodes
}

/// Gives each page its place; how high they are together.
fn place(nodes: &mut [Node<'_>], scale: impl Fn(u64) -> u64) -> u64 {
    let mut top = 0;
    for node in nodes {
        node.top = top;
        // Thin bands are drawn wider than they are, so leave room for that.
        top += scale(node.count).max(ROOM) + GAP;
    }
    top
}

/// The top of the next band of a page.
fn take(nodes: &mut [Node<'_>], page: &str, width: u64) -> u64 {
    let node = nodes.iter_mut().find(|node| node.page == page);
    node.map_or(0, |node| {
        node.used += width;
        node.top + node.used - width
    })
}

fn draw(page: &mut Markup, band: &Band<'_>, [left, right, width]: [u64; 3]) {
    let (left_end, right_end) = (left + width, right + width);
    page.open(
        "path",
        &[(
            "d",
            &format_args!(
                "M0 {left}C50 {left} 50 {right} 100 {right}L100 {right_end}C50 {right_end} 50 \
                 {left_end} 0 {left_end}z"
            ),
        )],
    );
    page.element(
        "title",
        &[],
        format_args!("{} → {}: {}", band.from, band.to, band.count),
    );
    page.close("path");
}

/// What a side's pages are called; the table says it to those who do not see.
fn names(page: &mut Markup, nodes: &[Node<'_>], class: &'static str) {
    page.open("div", &[("class", &class), ("aria-hidden", &"true")]);
    for node in nodes {
        let top: &dyn Display = &format!("top:{}px", node.top);
        page.element("span", &[("style", top), ("title", &node.page)], node.page);
    }
    page.close("div");
}

//! `report.html`: all that is released in a folder on one page, for people.
//!
//! The page is a function of the published files, without a clock, script or request, and holds nothing that
//! is not in them. What is put into it passes [`markup`], where nothing but the program's own tags can be one.

mod about;
mod figures;
mod listing;
mod markup;
mod number;
mod overview;
mod sections;
mod words;
mod world;

use std::fmt::Display;

use self::{
    figures::{map, tiles, timeline},
    markup::Markup,
    overview::{Overview, View},
};
use crate::{error::Result, time::PeriodLength, view::Dated};

/// The file's name.
pub(super) const NAME: &str = "report.html";

/// What the page may do: nothing but be styled by itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const STYLE: &str = include_str!("style.css");

/// The page of a folder's periods, earliest first; of a site, where each has its own.
///
/// The stamp stands in the page: what says of which state of the folder it is.
///
/// # Errors
///
/// Those of [`Dated::read`].
pub(super) fn page(site: Option<String>, dated: &[Dated], stamp: &str) -> Result<Vec<u8>> {
    let overview = Overview::read(site, dated)?;
    let mut page = Markup::default();
    page.fixed("<!DOCTYPE html>\n");
    page.open("html", &[("lang", &"en")]);
    head(&mut page, &overview, stamp);
    body(&mut page, &overview);
    page.close("html");
    page.fixed("\n");
    Ok(page.into_bytes())
}

/// The stamp of a page, if it has one.
pub(super) fn stamp(page: &[u8]) -> Option<&str> {
    let start = page.windows(STAMP.len()).position(|it| it == STAMP)?;
    let rest = &page[start + STAMP.len()..];
    let end = rest.iter().position(|it| *it == b'"')?;
    std::str::from_utf8(&rest[..end]).ok()
}

/// What is before the stamp.
const STAMP: &[u8] = b"<meta name=\"hushlog\" content=\"";

fn head(page: &mut Markup, overview: &Overview, stamp: &str) {
    page.open("head", &[]);
    page.fixed("\n");
    page.open("meta", &[("charset", &"utf-8")]);
    page.fixed("\n");
    page.open(
        "meta",
        &[
            ("http-equiv", &"Content-Security-Policy"),
            ("content", &POLICY),
        ],
    );
    page.fixed("\n");
    let viewport = "width=device-width, initial-scale=1";
    page.open("meta", &[("name", &"viewport"), ("content", &viewport)]);
    page.fixed("\n");
    page.open(
        "meta",
        &[("name", &"referrer"), ("content", &"no-referrer")],
    );
    page.fixed("\n");
    page.open("meta", &[("name", &"hushlog"), ("content", &stamp)]);
    page.fixed("\n");
    page.element("title", &[], title(overview));
    page.fixed("<style>\n");
    page.fixed(STYLE);
    page.fixed("</style>\n");
    page.close("head");
    page.fixed("\n");
}

fn title(overview: &Overview) -> String {
    match &overview.site {
        Some(site) => format!("Web statistics of {site}"),
        None => "Web statistics".to_owned(),
    }
}

fn body(page: &mut Markup, overview: &Overview) {
    page.open("body", &[]);
    definitions(page);
    page.open("header", &[]);
    page.element("h1", &[], title(overview));
    about::promise(page, overview);
    page.close("header");
    page.open("main", &[]);
    switch(page, overview);
    let visits = overview.latest().is_none_or(|it| it.terms.visits);
    for (number, view) in overview.views.iter().enumerate() {
        let class: &dyn Display = &format!("view v{number}");
        page.open("div", &[("class", class)]);
        page.element("h2", &[], about::view_title(overview, view));
        tiles::write(page, overview, view, visits);
        about::compared(page, view);
        page.close("div");
    }
    if overview.headlines.len() > 1 {
        page.open("section", &[]);
        page.element("h2", &[], "Over time");
        timeline::write(page, overview, visits);
        page.close("section");
    }
    for (number, view) in overview.views.iter().enumerate() {
        let class: &dyn Display = &format!("view sections v{number}");
        page.open("div", &[("class", class)]);
        sections::write(page, overview, view, visits);
        page.close("div");
    }
    about::numbers(page, overview);
    page.close("main");
    about::sources(page, overview);
    page.close("body");
}

/// Whether the days of more than one are added up, so that people of several days are not told apart.
fn several_days(overview: &Overview, view: &View) -> bool {
    let longer = |it: &overview::Headline| it.period.length != PeriodLength::Day;
    !view.is_single() || overview.latest().is_some_and(longer)
}

/// Shapes that figures use.
fn definitions(page: &mut Markup) {
    page.fixed("<svg class=\"vh\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>\n");
    page.fixed(
        "<pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect width=\"2\" height=\"6\"></rect></pattern>\n",
    );
    map::define(page);
    page.fixed("</defs></svg>\n");
}

/// Lets people choose which span is shown, where there are several.
fn switch(page: &mut Markup, overview: &Overview) {
    if overview.views.len() < 2 {
        return;
    }
    page.open("fieldset", &[]);
    page.element("legend", &[("class", &"vh")], "Periods shown");
    for (number, view) in overview.views.iter().enumerate() {
        let id: &dyn Display = &format!("s{number}");
        if number == 0 {
            page.open(
                "input",
                &[
                    ("type", &"radio"),
                    ("name", &"span"),
                    ("id", id),
                    ("checked", &""),
                ],
            );
        } else {
            page.open(
                "input",
                &[("type", &"radio"), ("name", &"span"), ("id", id)],
            );
        }
        page.element("label", &[("for", id)], about::span_name(overview, view));
    }
    page.close("fieldset");
    page.fixed("\n");
}

#[cfg(test)]
mod tests;

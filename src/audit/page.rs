//! Holds `report.html` to what it may be: a page that runs nothing, asks for nothing and hides nothing.
//!
//! It is read by a grammar of its own, far narrower than that of HTML: what is not written so is a finding,
//! so that no reader of HTML can see in the page what this one does not.

use super::{
    finding::{Check, Findings, Place},
    folder::{Artefact, Kind, Site},
};
use crate::release::digest;

/// The policy that every page states.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// The only address that a page leads to: the source of its regions.
const LINK: &str = "https://db-ip.com";

const TAGS: [&str; 46] = [
    "a", "b", "body", "caption", "dd", "defs", "details", "div", "dl", "dt", "fieldset", "footer",
    "g", "h1", "h2", "h3", "head", "header", "html", "i", "input", "label", "legend", "li", "main",
    "meta", "ol", "p", "path", "pattern", "rect", "section", "span", "style", "summary", "svg",
    "table", "tbody", "td", "th", "thead", "title", "tr", "use", "nav", "ul",
];

/// Attributes whose values people see, or that say what something is.
const SHOWN: [&str; 27] = [
    "aria-hidden",
    "aria-label",
    "charset",
    "checked",
    "class",
    "content",
    "data-measure",
    "data-table",
    "for",
    "height",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "patternUnits",
    "preserveAspectRatio",
    "rel",
    "role",
    "scope",
    "tabindex",
    "title",
    "type",
    "width",
    "x",
    "y",
    "viewBox",
];

/// Attributes that draw: their values hold nothing but numbers and a few letters.
const DRAWING: [&str; 3] = ["d", "patternTransform", "style"];

/// A part of a page, and the line that it begins in.
struct Part<'p> {
    line: usize,
    kind: PartKind<'p>,
}

enum PartKind<'p> {
    Text(&'p str),
    Style(&'p str),
    Tag(&'p str, Vec<(&'p str, &'p str)>),
    End,
}

/// What a page shows, line by line: its texts, and the values of attributes that do not draw. All of it, if
/// the page is not written as pages are.
pub(super) fn texts(page: &str) -> Vec<(usize, String)> {
    let Some(parts) = parts(page) else {
        let lines = (1..).zip(page.split('\n'));
        return lines.map(|(line, text)| (line, text.to_owned())).collect();
    };
    let mut texts = Vec::new();
    for Part { line, kind } in parts {
        match kind {
            PartKind::Text(text) if !text.trim().is_empty() => texts.push((line, text.to_owned())),
            PartKind::Text(_) | PartKind::Style(_) | PartKind::End => {}
            PartKind::Tag(_, attributes) => {
                let shown = attributes
                    .iter()
                    .filter(|(name, _)| !DRAWING.contains(name));
                texts.extend(shown.map(|(_, value)| (line, format!("\"{value}\""))));
            }
        }
    }
    texts
}

/// Checks a page.
pub(super) fn check(artefact: &Artefact, page: &str, findings: &mut Findings) {
    let place = |line| Place::line(&artefact.name, line);
    let parts = parts(page);
    findings.require(
        Check::Injection,
        parts.is_some(),
        || Place::file(&artefact.name),
        || "not written as pages of releases are, so that what it does cannot be told".to_owned(),
    );
    let mut policies = 0;
    for Part { line, kind } in parts.into_iter().flatten() {
        findings.tried(Check::Injection, 1);
        let wrong = match &kind {
            PartKind::Text(_) | PartKind::End => None,
            PartKind::Style(style) => wrong_style(style),
            PartKind::Tag(name, attributes) => {
                policies += usize::from(is_policy(attributes));
                wrong_tag(name, attributes)
            }
        };
        if let Some(what) = wrong {
            findings.add(Check::Injection, place(line), what);
        }
    }
    findings.require(
        Check::Injection,
        policies == 1,
        || Place::file(&artefact.name),
        || "the page has no policy that forbids everything (default-src 'none')".to_owned(),
    );
}

/// Checks that a page is of the releases beside it.
pub(super) fn check_stamp(site: &Site, findings: &mut Findings) {
    let (pages, package) = (site.artefacts(), &site.package);
    for page in pages.filter(|it| it.kind == Kind::Page) {
        let Some(package) = package else { continue };
        let text = String::from_utf8_lossy(&page.bytes);
        let expected = digest(&package.bytes);
        let stamps = parts(&text)
            .into_iter()
            .flatten()
            .any(|part| match part.kind {
                PartKind::Tag("meta", attributes) => {
                    attributes == [("name", "hushlog"), ("content", &expected)]
                }
                _ => false,
            });
        findings.require(
            Check::Description,
            stamps,
            || Place::file(&page.name),
            || "the page is not of the releases beside it; the next run draws it anew".to_owned(),
        );
    }
}

fn is_policy(attributes: &[(&str, &str)]) -> bool {
    let policy = POLICY.replace('\'', "&#39;");
    *attributes
        == [
            ("http-equiv", "Content-Security-Policy"),
            ("content", policy.as_str()),
        ]
}

/// What is wrong with a tag, if anything.
fn wrong_tag(name: &str, attributes: &[(&str, &str)]) -> Option<&'static str> {
    if !TAGS.contains(&name) {
        return Some("an element that no page of a release has");
    }
    attributes.iter().find_map(|(attribute, value)| {
        let is_drawn = DRAWING.contains(attribute);
        let draws = |it: char| it.is_ascii_alphanumeric() || " .:%()-".contains(it);
        match *attribute {
            "href" if value.starts_with('#') || *value == LINK => None,
            "href" => Some("a link that leads out of the page"),
            "http-equiv" if !is_policy(attributes) => Some("a header that no page states"),
            _ if is_drawn && value.chars().all(draws) && !value.contains("url") => None,
            _ if is_drawn => Some("a drawing that holds text"),
            name if SHOWN.contains(&name) => None,
            _ => Some("an attribute that no page of a release has"),
        }
    })
}

/// Styles load nothing but patterns of the page itself.
fn wrong_style(style: &str) -> Option<&'static str> {
    let lower = style.to_ascii_lowercase();
    let loads = lower.replace("url(#", "").contains("url(") || lower.contains("@import");
    let hides = style.contains(['\\', '<']) || lower.contains("expression");
    (loads || hides).then_some("a style that may load something")
}

/// The parts of a page; nothing if it is not written as pages of releases are.
fn parts(page: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut line = 1;
    let mut rest = page.strip_prefix("<!DOCTYPE html>")?;
    while !rest.is_empty() {
        let length;
        let kind = if let Some(tag) = rest.strip_prefix('<') {
            length = 1 + end_of_tag(tag)? + 1;
            tag_of(&rest[1..length - 1])
        } else {
            length = rest.find('<').unwrap_or(rest.len());
            Some(PartKind::Text(&rest[..length]))
        };
        let is_style = matches!(kind, Some(PartKind::Tag("style", _)));
        line = push(&mut parts, line, kind?, &rest[..length]);
        rest = &rest[length..];
        if is_style {
            let end = rest.find("</style>")?;
            line = push(
                &mut parts,
                line,
                PartKind::Style(&rest[..end]),
                &rest[..end],
            );
            rest = &rest[end..];
        }
    }
    Some(parts)
}

/// Adds a part; the line in which the next one begins.
fn push<'p>(parts: &mut Vec<Part<'p>>, line: usize, kind: PartKind<'p>, text: &str) -> usize {
    parts.push(Part { line, kind });
    line + text.matches('\n').count()
}

/// Where a tag ends: at the first `>` that is not within quotes.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quoted = false;
    tag.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b'>' && !quoted
    })
}

/// `name`, `/name`, or `name attribute="value" …`; no closing tag has an attribute.
fn tag_of(tag: &str) -> Option<PartKind<'_>> {
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'-')
    };
    if let Some(name) = tag.strip_prefix('/') {
        return is_name(name).then_some(PartKind::End);
    }
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    while !rest.is_empty() {
        let (attribute, value) = rest.split_once("=\"")?;
        let (value, after) = value.split_once('"')?;
        if !is_name(attribute) || value.contains(['<', '>']) {
            return None;
        }
        attributes.push((attribute, value));
        rest = match after {
            "" => "",
            _ => after.strip_prefix(' ')?,
        };
    }
    is_name(name).then_some(PartKind::Tag(name, attributes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "<!DOCTYPE html>\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src \
        &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:\">";

    fn found(page: &str) -> u64 {
        let artefact = Artefact {
            name: "report.html".to_owned(),
            kind: Kind::Page,
            bytes: Vec::new(),
        };
        let mut findings = Findings::default();
        check(&artefact, page, &mut findings);
        findings.of(Check::Injection).found
    }

    #[test]
    fn a_page_runs_nothing_loads_nothing_and_leads_nowhere() {
        for (body, expected) in [
            ("<p class=\"note\">a &lt;b&gt; c</p>", false),
            (
                "<a href=\"https://db-ip.com\">DB-IP</a><use href=\"#c-DE\"></use>",
                false,
            ),
            (
                "<path d=\"M1 2l3 -4z\"></path><th style=\"--p:43.2%\">x</th>",
                false,
            ),
            ("<style>a { fill: url(#hatch); }</style>", false),
            ("<script>alert(1)</script>", true),
            ("<a href=\"https://example.org\">x</a>", true),
            ("<img src=\"data:\">", true),
            ("<p onclick=\"alert(1)\">x</p>", true),
            ("<p onclick='alert(1)'>x</p>", true),
            ("<p title=\"a\"onclick=\"b\">x</p>", true),
            ("<svg/onload=alert(1)>", true),
            ("<!-- hidden -->", true),
            ("<path d=\"alice@example.org\"></path>", true),
            ("<p style=\"background:url(x)\">x</p>", true),
            ("<style>a { fill: url(x); }</style>", true),
            ("<style>@import 'x';</style>", true),
            ("<style>a { b: \\75rl(x); }</style>", true),
            ("<meta http-equiv=\"refresh\" content=\"0\">", true),
        ] {
            assert_eq!(found(&format!("{HEAD}{body}")) > 0, expected, "{body}");
        }
        assert_eq!(found("<!DOCTYPE html><p>x</p>"), 1);
    }

    #[test]
    fn all_that_is_shown_is_searched() {
        let page =
            format!("{HEAD}\n<p title=\"tip\">text</p>\n<path d=\"M1 2z\"></path> <b>more</b>");
        let texts: Vec<(usize, String)> = texts(&page).into_iter().skip(2).collect();
        let expected = [(3, "\"tip\""), (3, "text"), (4, "more")];
        assert_eq!(texts, expected.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(super::texts("a <b")[0], (1, "a <b".to_owned()));
    }
}

//! Links between pages lead to files, and to headings in them.

use std::{collections::BTreeSet, fs};

use super::page::{Page, pages, repository};

#[test]
fn links_lead_somewhere() {
    let mut pages = pages();
    pages.extend(OTHERS.map(Page::read));
    let broken: Vec<String> = pages.iter().flat_map(broken).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Pages beside the README and the manual.
const OTHERS: [&str; 7] = [
    "data/README.md",
    "docs/attacks.md",
    "docs/cluster.md",
    "docs/sealed.md",
    "docs/speed.md",
    "packaging/README.md",
    "sample-logs/README.md",
];

/// Every page of the manual is in its list of pages.
#[test]
fn the_manual_lists_its_pages() {
    let contents = Page::read("docs/manual/README.md").text;
    for page in pages() {
        let Some(name) = page.name.strip_prefix("docs/manual/") else {
            continue;
        };
        assert!(
            name == "README.md" || contents.contains(&format!("]({name})")),
            "{name}"
        );
    }
}

/// Links of a page that lead nowhere.
fn broken(page: &Page) -> Vec<String> {
    let folder = page.name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let prose = page.prose();
    let targets = prose
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    let mut broken = Vec::new();
    for (target, _) in targets {
        let is_local = !target.contains("://") && !target.contains(' ');
        if is_local && !leads_somewhere(page, folder, target) {
            broken.push(format!("{}: {target}", page.name));
        }
    }
    broken
}

fn leads_somewhere(page: &Page, folder: &str, target: &str) -> bool {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    if file.is_empty() {
        return headings(&page.prose()).contains(heading);
    }
    let path = repository().join(folder).join(file);
    if heading.is_empty() {
        return path.exists();
    }
    fs::read_to_string(path).is_ok_and(|text| {
        let page = Page {
            name: String::new(),
            text,
        };
        headings(&page.prose()).contains(heading)
    })
}

/// What headings are called in links: lower case, words joined by `-`, no other signs.
fn headings(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let name = |line: &str| {
        let line = line.trim_start_matches('#').trim().to_lowercase();
        let line = line.replace(' ', "-");
        line.chars()
            .filter(|it| it.is_alphanumeric() || "-_".contains(*it))
            .collect()
    };
    headings.map(name).collect()
}

//! Tables for programs and for documents: CSV, JSON, Markdown.

use std::fmt::Write;

use csv::{Terminator, WriterBuilder};
use serde_json::{Map, Value};

use super::{
    super::{hygiene::safe, json::pretty},
    Showing, Site,
    grid::{Cell, Grid, Line},
};
use crate::aggregate::Table;

/// A table as CSV; an empty figure is a withheld one.
pub(super) fn csv(grid: &Grid) -> String {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    let mut write = |record: Vec<String>| {
        writer
            .write_record(record)
            .expect("memory takes what is written");
    };
    write(grid.texts.iter().chain(&grid.figures).cloned().collect());
    for Line { texts, figures } in &grid.rows {
        let texts = texts.iter().map(|text| safe(text).to_owned());
        let figures = figures.iter().map(|cell| match cell {
            Cell::Number(number) => number.to_string(),
            Cell::Withheld => String::new(),
        });
        write(texts.chain(figures).collect());
    }
    let bytes = writer.into_inner().expect("memory takes what is written");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// All sites as JSON: of each the rows of each table; a withheld figure is null.
pub(super) fn json(sites: &[Site], showing: &Showing) -> String {
    let sites = sites.iter().map(|site| {
        let tables = Table::ALL.into_iter();
        let tables = tables.filter(|it| showing.table.is_none_or(|table| table == *it));
        let grids = tables.filter_map(|table| site.grid_of(Some(table)));
        let tables = grids.map(|grid| (grid.title.to_owned(), rows(&grid)));
        let name = site.name.clone().map_or(Value::Null, Value::from);
        let members = [
            ("site".to_owned(), name),
            ("tables".to_owned(), Value::Object(tables.collect())),
        ];
        Value::Object(Map::from_iter(members))
    });
    let bytes = pretty(&Value::Array(sites.collect()));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn rows(grid: &Grid) -> Value {
    let row = |line: &Line| {
        let texts = line.texts.iter().map(|text| Value::from(safe(text)));
        let texts = grid.texts.iter().cloned().zip(texts);
        let figures = line.figures.iter().map(|cell| match cell {
            Cell::Number(number) => Value::from(*number),
            Cell::Withheld => Value::Null,
        });
        let figures = grid.figures.iter().cloned().zip(figures);
        Value::Object(texts.chain(figures).collect())
    };
    grid.rows.iter().map(row).collect()
}

impl Site {
    /// The tables as Markdown.
    pub(super) fn markdown(&self, showing: &Showing) -> String {
        let mut out = String::new();
        if let Some(name) = &self.name {
            write_line(&mut out, &format!("# {}\n", escaped(name)));
        }
        for grid in self.grids(showing) {
            write_line(&mut out, &format!("## {}\n", grid.title));
            markdown(&mut out, &grid);
            out.push('\n');
        }
        out
    }
}

fn markdown(out: &mut String, grid: &Grid) {
    let names = grid.texts.iter().chain(&grid.figures);
    let names: Vec<String> = names.map(|name| escaped(name)).collect();
    write_line(out, &format!("| {} |", names.join(" | ")));
    let rules = grid.texts.iter().map(|_| "---");
    let rules: Vec<&str> = rules.chain(grid.figures.iter().map(|_| "---:")).collect();
    write_line(out, &format!("| {} |", rules.join(" | ")));
    for Line { texts, figures } in &grid.rows {
        let texts = texts.iter().map(|text| escaped(safe(text)));
        let figures = figures.iter().map(|cell| match cell {
            Cell::Number(number) => number.to_string(),
            Cell::Withheld => "*withheld*".to_owned(),
        });
        let cells: Vec<String> = texts.chain(figures).collect();
        write_line(out, &format!("| {} |", cells.join(" | ")));
    }
    if grid.left_out > 0 {
        write_line(out, &format!("\nand {} more", grid.left_out));
    }
}

/// The text with every character that Markdown, or HTML in it, acts on taken for itself.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if "\\`*_[]<>|&~$@#!".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

fn write_line(out: &mut String, line: &str) {
    writeln!(out, "{line}").expect("a string takes what is written");
}

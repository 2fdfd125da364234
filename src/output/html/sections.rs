//! The tables and figures of a span, in the order of the page.

use super::{
    figures::{flows, goals, heat, hours, map},
    listing::{Column, Listing},
    markup::Markup,
    overview::{Overview, View},
    several_days,
};
use crate::{
    aggregate::{Measure as M, Table},
    time::PeriodLength,
    view::{Figures, SumRow},
};

/// The category of crawlers that is shown apart.
const AI: &str = "ai";

/// Columns of tables of visits.
const VISITS: [Column; 4] = [
    Column::Measure(M::Visits),
    Column::Share(M::Visits),
    Column::Measure(M::Visitors),
    Column::Percent("Bounced", M::Bounces, M::Visits),
];

/// The same within little space.
const FEW: [Column; 2] = [Column::Measure(M::Visits), Column::Share(M::Visits)];

const REQUESTS: [Column; 2] = [Column::Measure(M::Requests), Column::Share(M::Requests)];

/// Of requests and those who sent them.
const SENDERS: [Column; 2] = [Column::Measure(M::Requests), Column::Measure(M::Visitors)];

/// Writes all that a span has.
pub(super) fn write(page: &mut Markup, overview: &Overview, view: &View, visits: bool) {
    let writer = Sections {
        view,
        several_days: several_days(overview, view),
        visits,
    };
    writer.hours(page, overview);
    writer.pages(page);
    writer.ways(page);
    writer.origins(page);
    writer.regions(page);
    writer.pairs(
        page,
        &[
            ("Browsers", Table::Browsers, &FEW),
            ("Systems", Table::Systems, &FEW),
            ("Devices", Table::Devices, &FEW),
        ],
    );
    writer.lengths(page);
    writer.goals(page);
    writer.pairs(
        page,
        &[
            ("Statuses", Table::Statuses, &REQUESTS),
            ("Errors by page", Table::Errors, &REQUESTS[..1]),
        ],
    );
    writer.crawlers(page);
    writer.pairs(
        page,
        &[(
            "Hosts",
            Table::Hosts,
            &[
                Column::Measure(M::Requests),
                Column::Measure(M::Pageviews),
                Column::Measure(M::Visits),
                Column::Measure(M::Visitors),
            ],
        )],
    );
    writer.pairs(
        page,
        &[
            ("Probes", Table::Probes, &SENDERS),
            ("Probes by region", Table::ProbeRegions, &SENDERS),
            ("Probes by hour", Table::ProbeHours, &SENDERS),
        ],
    );
}

struct Sections<'v> {
    view: &'v View,
    several_days: bool,
    visits: bool,
}

/// A heading, a table and its columns.
type Part<'p> = (&'static str, Table, &'p [Column]);

impl Sections<'_> {
    /// Tables beside each other, as many as there are.
    fn pairs(&self, page: &mut Markup, parts: &[Part<'_>]) {
        let tables = parts.iter().map(|(_, table, _)| self.view.table(*table));
        let tables: Vec<Option<Figures>> = tables.collect();
        if tables.iter().all(Option::is_none) {
            return;
        }
        page.open("div", &[("class", &"beside")]);
        for ((title, _, columns), figures) in parts.iter().zip(&tables) {
            if let Some(figures) = figures {
                page.open("section", &[]);
                page.element("h2", &[], title);
                self.ranked(page, title, figures, columns);
                page.close("section");
            }
        }
        page.close("div");
    }

    /// A table with its largest rows first.
    fn ranked(
        &self,
        page: &mut Markup,
        title: &'static str,
        figures: &Figures,
        columns: &[Column],
    ) {
        if let Some(Column::Measure(measure)) = columns.first() {
            self.listing(title, figures, figures.ranked(*measure), columns)
                .write(page);
        }
    }

    fn listing<'f>(
        &self,
        title: &'static str,
        figures: &'f Figures,
        rows: Vec<&'f SumRow>,
        columns: &'f [Column],
    ) -> Listing<'f> {
        Listing {
            title,
            figures,
            rows,
            columns,
            periods: self.view.periods(),
            several_days: self.several_days,
            closed: false,
        }
    }

    fn hours(&self, page: &mut Markup, overview: &Overview) {
        let Some(traffic) = self.view.table(Table::Traffic) else {
            return;
        };
        let is_day = overview
            .latest()
            .is_some_and(|it| it.period.length == PeriodLength::Day);
        page.open("section", &[]);
        if self.view.is_single() && is_day {
            page.element("h2", &[], "By hour");
            hours::write(page, &traffic, self.visits);
            page.close("section");
            if self.visits {
                page.open("section", &[]);
                page.element("h2", &[], "Visits at a time");
                hours::write_peaks(page, &traffic);
                page.close("section");
            }
            return;
        }
        page.element("h2", &[], "By weekday and hour");
        let measure = if self.visits { M::Visits } else { M::Requests };
        heat::write(page, &traffic, measure);
        page.close("section");
    }

    fn pages(&self, page: &mut Markup) {
        let Some(figures) = self.view.table(Table::Pages) else {
            return;
        };
        let time: &[Column] = if !self.visits {
            &[]
        } else if self.view.is_single() {
            &[
                Column::Measure(M::DwellMedian),
                Column::Measure(M::DwellP90),
            ]
        } else {
            &[Column::Mean("Mean, s", M::DwellSeconds, M::DwellCount)]
        };
        let people: &[Column] = if self.visits {
            &[
                Column::Measure(M::Visitors),
                Column::Measure(M::Entries),
                Column::Measure(M::Exits),
                Column::Percent("Left here", M::Exits, M::Pageviews),
            ]
        } else {
            &[]
        };
        let columns = [&[Column::Measure(M::Pageviews)], people, time].concat();
        page.open("section", &[]);
        page.element("h2", &[], "Pages");
        self.ranked(page, "Pages", &figures, &columns);
        page.close("section");
        if self.visits {
            self.ends(page, &figures);
        }
    }

    /// Where visits begin and end.
    fn ends(&self, page: &mut Markup, pages: &Figures) {
        page.open("div", &[("class", &"beside")]);
        for (title, measure) in [("Entry pages", M::Entries), ("Exit pages", M::Exits)] {
            page.open("section", &[]);
            page.element("h2", &[], title);
            let columns = [Column::Measure(measure), Column::Share(measure)];
            let has_any = |row: &&SumRow| pages.cell(row, measure) != Some(0);
            let rows = pages.ranked(measure).into_iter().filter(has_any).collect();
            self.listing(title, pages, rows, &columns).write(page);
            page.close("section");
        }
        page.close("div");
    }

    fn ways(&self, page: &mut Markup) {
        let Some(figures) = self.view.table(Table::Transitions) else {
            return;
        };
        page.open("section", &[]);
        page.element("h2", &[], "From page to page");
        flows::write(page, &figures);
        let columns = [
            Column::Measure(M::Transitions),
            Column::Measure(M::Visitors),
        ];
        let rows = figures.ranked(M::Transitions);
        Listing {
            closed: true,
            ..self.listing("Steps", &figures, rows, &columns)
        }
        .write(page);
        page.close("section");
    }

    fn origins(&self, page: &mut Markup) {
        if let Some(referrers) = self.view.table(Table::Referrers) {
            let channels = channels(&referrers);
            page.open("div", &[("class", &"beside uneven")]);
            page.open("section", &[]);
            page.element("h2", &[], "Channels");
            let rows = channels.ranked(M::Visits);
            self.listing("Channels", &channels, rows, &FEW).write(page);
            page.close("section");
            page.open("section", &[]);
            page.element("h2", &[], "Referrers");
            self.ranked(page, "Referrers", &referrers, &VISITS);
            page.close("section");
            page.close("div");
        }
        let completed = [&VISITS[..], &[Column::Measure(M::Completions)]].concat();
        self.pairs(page, &[("Campaigns", Table::Campaigns, &completed)]);
    }

    fn regions(&self, page: &mut Markup) {
        let Some(regions) = self.view.table(Table::Regions) else {
            return;
        };
        page.open("section", &[]);
        page.element("h2", &[], "Countries and regions");
        map::write(page, &regions);
        let countries = Figures {
            keys: &["country"],
            measures: vec![M::Visits],
            rows: map::countries(&regions),
            ..regions.clone()
        };
        page.open("div", &[("class", &"beside")]);
        for (title, figures, columns) in [
            ("Countries", &countries, &FEW[..]),
            ("Regions", &regions, &FEW[..]),
        ] {
            page.open("section", &[]);
            page.element("h3", &[], title);
            self.ranked(page, title, figures, columns);
            page.close("section");
        }
        page.close("div");
        page.close("section");
    }

    fn lengths(&self, page: &mut Markup) {
        let parts = [
            ("Length of visits", Table::Durations),
            ("Pageviews of a visit", Table::Depths),
        ];
        let tables = parts.map(|(title, table)| (title, self.view.table(table)));
        if tables.iter().all(|(_, table)| table.is_none()) {
            return;
        }
        page.open("div", &[("class", &"beside")]);
        for (title, figures) in &tables {
            if let Some(figures) = figures {
                page.open("section", &[]);
                page.element("h2", &[], title);
                let rows = figures.rows.iter().collect();
                self.listing(title, figures, rows, &FEW).write(page);
                page.close("section");
            }
        }
        page.close("div");
    }

    fn goals(&self, page: &mut Markup) {
        let Some(figures) = self.view.table(Table::Goals) else {
            return;
        };
        page.open("section", &[]);
        page.element("h2", &[], "Goals");
        goals::write(page, &figures, self.view.figure(M::Visits));
        let columns = [
            Column::Measure(M::Completions),
            Column::Measure(M::Visitors),
        ];
        let rows = figures.ranked(M::Completions);
        Listing {
            closed: true,
            ..self.listing("Goals", &figures, rows, &columns)
        }
        .write(page);
        if let Some(by_country) = self.view.table(Table::GoalRegions) {
            page.element("h3", &[], "Goals by country");
            let columns = [Column::Measure(M::Completions)];
            self.ranked(page, "Goals by country", &by_country, &columns);
        }
        page.close("section");
    }

    fn crawlers(&self, page: &mut Markup) {
        let Some(figures) = self.view.table(Table::Crawlers) else {
            return;
        };
        let columns = [Column::Measure(M::Requests), Column::Measure(M::Bytes)];
        let is_ai = |row: &&SumRow| row.keys.first().is_some_and(|it| it == AI);
        let (ai, others): (Vec<&SumRow>, Vec<&SumRow>) =
            figures.ranked(M::Requests).into_iter().partition(is_ai);
        page.open("div", &[("class", &"beside")]);
        for (title, rows) in [("AI crawlers", ai), ("Other crawlers", others)] {
            if !rows.is_empty() {
                page.open("section", &[]);
                page.element("h2", &[], title);
                self.listing(title, &figures, rows, &columns).write(page);
                page.close("section");
            }
        }
        page.close("div");
    }
}

/// The rows of referrers added up by channel.
fn channels(referrers: &Figures) -> Figures {
    let mut rows: Vec<SumRow> = Vec::new();
    for row in &referrers.rows {
        match rows.iter_mut().find(|it| it.keys[0] == row.keys[0]) {
            Some(sum) => {
                sum.periods = sum.periods.max(row.periods);
                for (sum, cell) in sum.cells.iter_mut().zip(&row.cells) {
                    *sum = sum.zip(*cell).and_then(|(sum, cell)| sum.checked_add(cell));
                }
            }
            None => rows.push(SumRow {
                keys: row.keys[..1].to_vec(),
                ..row.clone()
            }),
        }
    }
    Figures {
        keys: &["channel"],
        rows,
        ..referrers.clone()
    }
}

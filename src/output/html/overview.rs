//! What a page shows: the figures of every period, and the tables of a few spans of them.

use crate::{
    aggregate::{Measure, Table},
    error::Result,
    time::Period,
    view::{Dated, Figures, Promise, Released, Span, Sum, Terms},
};

/// All that a page is about.
pub(super) struct Overview {
    /// The host, where each has its own page.
    pub(super) site: Option<String>,
    /// Every released period, earliest first.
    pub(super) headlines: Vec<Headline>,
    /// From the latest period alone to all of them.
    pub(super) views: Vec<View>,
}

/// A period as a whole.
pub(super) struct Headline {
    pub(super) period: Period,
    pub(super) terms: Terms,
    summary: Option<Figures>,
    /// Most visits at a time in any of the hours whose peak was published.
    pub(super) peak: Option<u64>,
}

/// Periods shown together.
pub(super) struct View {
    pub(super) span: Span,
    /// Its only period, if it is not longer than that.
    single: Option<Released>,
    sum: Sum,
    /// The span before it, if all of that was released.
    before: Option<Figures>,
}

impl Overview {
    /// Reads the periods one after another and keeps what is shown.
    ///
    /// # Errors
    ///
    /// Those of [`Dated::read`].
    pub(super) fn read(site: Option<String>, dated: &[Dated]) -> Result<Self> {
        let mut first = dated.first().map(Dated::read).transpose()?;
        let length = first
            .as_ref()
            .map_or_else(Default::default, |it| it.period.length);
        let period = |it: &Dated| Period {
            start: it.date,
            length,
        };
        let periods: Vec<Period> = dated.iter().map(period).collect();
        let mut views: Vec<View> = Span::of(&periods).into_iter().map(View::of).collect();
        let mut headlines = Vec::with_capacity(dated.len());
        let mut summaries: Vec<Sum> = views.iter().map(|_| Sum::default()).collect();
        for dated in dated {
            let mut released = first.take().map_or_else(|| dated.read(), Ok)?;
            for view in &mut views {
                view.add(&released);
            }
            let peak = peak(&released);
            released.tables.retain(|it| it.table == Table::Summary);
            for (view, before) in views.iter().zip(&mut summaries) {
                if view.span.previous(length).contains(released.period) {
                    before.add(&released);
                }
            }
            headlines.push(Headline::of(released, peak));
        }
        for (view, before) in views.iter_mut().zip(&summaries) {
            view.before = view.compared(&headlines, before);
        }
        Ok(Self {
            site,
            headlines,
            views,
        })
    }

    /// The latest period.
    pub(super) fn latest(&self) -> Option<&Headline> {
        self.headlines.last()
    }

    /// Most visits at a time in any of a span's hours whose peak was published.
    pub(super) fn peak(&self, view: &View) -> Option<u64> {
        let headlines = self.headlines.iter();
        let shown = headlines.filter(|it| view.span.contains(it.period));
        shown.filter_map(|it| it.peak).max()
    }

    /// Whether all numbers come with noise instead of a threshold.
    pub(super) fn is_noisy(&self) -> bool {
        let latest = self.latest().map(|it| &it.terms.promise);
        matches!(latest, Some(Promise::Noise { .. }))
    }
}

impl Headline {
    fn of(released: Released, peak: Option<u64>) -> Self {
        let length = released.period.length;
        let summary = released.tables.first();
        Self {
            summary: summary.map(|table| Figures::of(table, length)),
            period: released.period,
            terms: released.terms,
            peak,
        }
    }

    /// A figure of the period; nothing if it is withheld.
    pub(super) fn figure(&self, measure: Measure) -> Option<u64> {
        figure(self.summary.as_ref()?, measure)
    }
}

impl View {
    fn of(span: Span) -> Self {
        Self {
            span,
            single: None,
            sum: Sum::default(),
            before: None,
        }
    }

    fn add(&mut self, released: &Released) {
        if !self.span.contains(released.period) {
            return;
        }
        if self.span.length == 1 {
            self.single = Some(released.clone());
        } else {
            self.sum.add(released);
        }
    }

    /// Whether it is of a single period, of which all is known that was published.
    pub(super) const fn is_single(&self) -> bool {
        self.single.is_some()
    }

    /// How many released periods it has.
    pub(super) const fn periods(&self) -> usize {
        if self.is_single() {
            1
        } else {
            self.sum.periods()
        }
    }

    /// A table, if any of the periods has it.
    pub(super) fn table(&self, table: Table) -> Option<Figures> {
        let Some(single) = &self.single else {
            return self.sum.table(table);
        };
        let published = single.table(table)?;
        Some(Figures::of(published, single.period.length))
    }

    /// A figure of the span as a whole; nothing if it is withheld, or does not add up.
    pub(super) fn figure(&self, measure: Measure) -> Option<u64> {
        let summary = self.table(Table::Summary)?;
        // A period without a summary withholds it.
        let whole = summary.periods == self.periods();
        whole.then(|| figure(&summary, measure)).flatten()
    }

    /// The same figure of the span before it.
    pub(super) fn figure_before(&self, measure: Measure) -> Option<u64> {
        figure(self.before.as_ref()?, measure)
    }

    /// The figures of the span before it, if nothing is missing in either.
    fn compared(&self, headlines: &[Headline], before: &Sum) -> Option<Figures> {
        if before.periods() != self.span.length || self.periods() != self.span.length {
            return None;
        }
        if self.is_single() {
            let previous = headlines.iter().rev().nth(1)?;
            return previous.summary.clone();
        }
        let summary = before.table(Table::Summary)?;
        (summary.periods == before.periods()).then_some(summary)
    }
}

fn figure(summary: &Figures, measure: Measure) -> Option<u64> {
    summary.cell(summary.rows.first()?, measure)
}

fn peak(released: &Released) -> Option<u64> {
    let traffic = released.table(Table::Traffic)?;
    let figures = Figures::of(traffic, released.period.length);
    let peaks = figures.rows.iter();
    peaks
        .filter_map(|row| figures.cell(row, Measure::PeakConcurrentVisits))
        .max()
}

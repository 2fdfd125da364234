//! The declared tables: key columns, measures and the family of requests that each measure counts.

/// Who contributes to a measure; the threshold counts networks by family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Networks that sent a request.
    Requests,
    /// Networks that sent a pageview.
    Pageviews,
    /// Networks that made a visit.
    Visits,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 3] = [Self::Requests, Self::Pageviews, Self::Visits];
}

/// A measure column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Visits with exactly one pageview.
    Bounces,
    /// Bytes sent.
    Bytes,
    /// Goals reached, once per visit and goal.
    Completions,
    /// Pageviews followed by another of the same visit.
    DwellCount,
    /// Median seconds to the next pageview.
    DwellMedian,
    /// 90th percentile of the seconds to the next pageview.
    DwellP90,
    /// Seconds to the next pageview, added up.
    DwellSeconds,
    /// Visits that began on the page.
    Entries,
    /// Visits that ended on the page.
    Exits,
    /// Pageviews.
    Pageviews,
    /// Most visits in progress within one minute.
    PeakConcurrentVisits,
    /// Requests.
    Requests,
    /// Steps from one page to the next.
    Transitions,
    /// Seconds from first to last request, added up.
    VisitSeconds,
    /// Median visit duration in seconds.
    VisitSecondsMedian,
    /// 90th percentile of the visit duration in seconds.
    VisitSecondsP90,
    /// Distinct visitors of a day with at least one visit, added over days.
    Visitors,
    /// Visits.
    Visits,
}

impl Measure {
    /// The measures of which one visitor could make up most.
    pub const VOLUMES: [Self; 5] = [
        Self::Bytes,
        Self::DwellSeconds,
        Self::Pageviews,
        Self::Requests,
        Self::VisitSeconds,
    ];

    /// The column's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bounces => "bounces",
            Self::Bytes => "bytes",
            Self::Completions => "completions",
            Self::DwellCount => "dwell_count",
            Self::DwellMedian => "dwell_median",
            Self::DwellP90 => "dwell_p90",
            Self::DwellSeconds => "dwell_seconds",
            Self::Entries => "entries",
            Self::Exits => "exits",
            Self::Pageviews => "pageviews",
            Self::PeakConcurrentVisits => "peak_concurrent_visits",
            Self::Requests => "requests",
            Self::Transitions => "transitions",
            Self::VisitSeconds => "visit_seconds",
            Self::VisitSecondsMedian => "visit_seconds_median",
            Self::VisitSecondsP90 => "visit_seconds_p90",
            Self::Visitors => "visitors",
            Self::Visits => "visits",
        }
    }

    /// What the column holds, in one sentence for readers of the data.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Bounces => "Visits with exactly one pageview.",
            Self::Bytes => "Bytes sent, as the log counts them.",
            Self::Completions => "Goals reached, once per visit and goal.",
            Self::DwellCount => "Pageviews followed by another one of the same visit.",
            Self::DwellMedian => {
                "Median of the seconds to the next pageview (lower edge of its bin)."
            }
            Self::DwellP90 => {
                "90th percentile of the seconds to the next pageview (lower edge of its bin)."
            }
            Self::DwellSeconds => "Seconds to the next pageview of the visit, added up.",
            Self::Entries => "Visits whose first pageview is this page.",
            Self::Exits => "Visits whose last pageview is this page.",
            Self::Pageviews => {
                "Pageviews: GET, status 2xx or 304, not a static asset, not a crawler."
            }
            Self::PeakConcurrentVisits => "Most visits in progress within one minute of the hour.",
            Self::Requests => "Requests.",
            Self::Transitions => {
                "Pageviews of from_page followed by a pageview of to_page in the same visit."
            }
            Self::VisitSeconds => "Seconds from first to last request of the visits, added up.",
            Self::VisitSecondsMedian => "Median visit duration in seconds (lower edge of its bin).",
            Self::VisitSecondsP90 => {
                "90th percentile of the visit duration in seconds (lower edge of its bin)."
            }
            Self::Visitors => {
                "Distinct visitors with at least one visit; over several days, visitor-days."
            }
            Self::Visits => {
                "Visits: requests of one visitor with gaps of at most the visit timeout, with at least one pageview."
            }
        }
    }

    /// The family the threshold asks of the measure; `None` for outcomes and quantiles, which have
    /// rules of their own.
    #[must_use]
    pub const fn family(self) -> Option<Family> {
        match self {
            Self::Bytes | Self::Requests => Some(Family::Requests),
            Self::DwellSeconds | Self::Pageviews | Self::Transitions => Some(Family::Pageviews),
            Self::PeakConcurrentVisits | Self::VisitSeconds | Self::Visitors | Self::Visits => {
                Some(Family::Visits)
            }
            Self::Bounces
            | Self::Completions
            | Self::DwellCount
            | Self::DwellMedian
            | Self::DwellP90
            | Self::Entries
            | Self::Exits
            | Self::VisitSecondsMedian
            | Self::VisitSecondsP90 => None,
        }
    }

    /// Whether it adds up over visitors and cells.
    #[must_use]
    pub const fn is_additive(self) -> bool {
        !matches!(
            self,
            Self::DwellMedian
                | Self::DwellP90
                | Self::PeakConcurrentVisits
                | Self::VisitSecondsMedian
                | Self::VisitSecondsP90
                | Self::Visitors
        )
    }

    /// Whether it can only be told of visitors and their visits, not of requests by themselves.
    #[must_use]
    pub const fn is_of_visits(self) -> bool {
        !matches!(self, Self::Bytes | Self::Pageviews | Self::Requests)
    }

    /// Whether one visitor could make up most of the measure, so that dominance is judged.
    #[must_use]
    pub fn is_volume(self) -> bool {
        Self::VOLUMES.contains(&self)
    }
}

/// A declared table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// The period as a whole.
    Summary,
    /// By hour, or by weekday and hour.
    Traffic,
    /// By page.
    Pages,
    /// From page to page.
    Transitions,
    /// By channel and referring domain.
    Referrers,
    /// By campaign tags.
    Campaigns,
    /// By country and region.
    Regions,
    /// By browser family.
    Browsers,
    /// By system family.
    Systems,
    /// By device class.
    Devices,
    /// By visit duration.
    Durations,
    /// By pageviews of a visit.
    Depths,
    /// By status.
    Statuses,
    /// By error status and page.
    Errors,
    /// By goal.
    Goals,
    /// By goal and country.
    GoalRegions,
    /// By crawler.
    Crawlers,
    /// By virtual host.
    Hosts,
    /// By what weakness is looked for.
    Probes,
    /// Requests that look for weaknesses, by hour, or by weekday and hour.
    ProbeHours,
    /// Requests that look for weaknesses, by country and region.
    ProbeRegions,
}

impl Table {
    /// Every table, in the order of documentation and display.
    pub const ALL: [Self; 21] = [
        Self::Summary,
        Self::Traffic,
        Self::Pages,
        Self::Transitions,
        Self::Referrers,
        Self::Campaigns,
        Self::Regions,
        Self::Browsers,
        Self::Systems,
        Self::Devices,
        Self::Durations,
        Self::Depths,
        Self::Statuses,
        Self::Errors,
        Self::Goals,
        Self::GoalRegions,
        Self::Crawlers,
        Self::Hosts,
        Self::Probes,
        Self::ProbeHours,
        Self::ProbeRegions,
    ];

    /// The table of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The table's name, also that of its file without the ending.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Traffic => "traffic",
            Self::Pages => "pages",
            Self::Transitions => "transitions",
            Self::Referrers => "referrers",
            Self::Campaigns => "campaigns",
            Self::Regions => "regions",
            Self::Browsers => "browsers",
            Self::Systems => "systems",
            Self::Devices => "devices",
            Self::Durations => "durations",
            Self::Depths => "depths",
            Self::Statuses => "statuses",
            Self::Errors => "errors",
            Self::Goals => "goals",
            Self::GoalRegions => "goal_regions",
            Self::Crawlers => "crawlers",
            Self::Hosts => "hosts",
            Self::Probes => "probes",
            Self::ProbeHours => "probe_hours",
            Self::ProbeRegions => "probe_regions",
        }
    }

    /// What the table tells, in one sentence for readers of the data.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Summary => "The period as a whole.",
            Self::Traffic => "Requests, pageviews and visits by hour.",
            Self::Pages => "Pageviews, entries, exits and time on page, by page.",
            Self::Transitions => "From one page to the next within visits.",
            Self::Referrers => "Visits by channel and referring domain.",
            Self::Campaigns => "Visits by campaign tags.",
            Self::Regions => "Visits by country and region.",
            Self::Browsers => "Visits by browser.",
            Self::Systems => "Visits by operating system.",
            Self::Devices => "Visits by class of device.",
            Self::Durations => "Visits by their duration in seconds.",
            Self::Depths => "Visits by their number of pageviews.",
            Self::Statuses => "Requests by status.",
            Self::Errors => "Requests that failed, by status and page.",
            Self::Goals => "Goals reached.",
            Self::GoalRegions => "Goals reached, by country.",
            Self::Crawlers => {
                "Requests of crawlers and other machines, which no other table counts."
            }
            Self::Hosts => "Requests, pageviews and visits by virtual host.",
            Self::Probes => "Requests that look for weaknesses, by what they look for.",
            Self::ProbeHours => "Requests that look for weaknesses, by hour.",
            Self::ProbeRegions => "Requests that look for weaknesses, by country and region.",
        }
    }

    /// The key columns after `date`, in order. `traffic` of a longer period has `weekday` before `hour`.
    #[must_use]
    pub const fn keys(self, longer_period: bool) -> &'static [&'static str] {
        match self {
            Self::Summary => &[],
            Self::Traffic | Self::ProbeHours if longer_period => &["weekday", "hour"],
            Self::Traffic | Self::ProbeHours => &["hour"],
            Self::Pages => &["page"],
            Self::Transitions => &["from_page", "to_page"],
            Self::Referrers => &["channel", "referrer"],
            Self::Campaigns => &["source", "medium", "campaign"],
            Self::Regions | Self::ProbeRegions => &["country", "region"],
            Self::Browsers => &["browser"],
            Self::Systems => &["system"],
            Self::Devices => &["device"],
            Self::Durations => &["duration_from", "duration_to"],
            Self::Depths => &["pageviews_from", "pageviews_to"],
            Self::Statuses => &["status"],
            Self::Errors => &["status", "page"],
            Self::Goals => &["goal"],
            Self::GoalRegions => &["goal", "country"],
            Self::Crawlers => &["category", "crawler"],
            Self::Hosts => &["host"],
            Self::Probes => &["probe"],
        }
    }

    /// The measure columns, in order; the first one ranks rows.
    #[must_use]
    pub const fn measures(self) -> &'static [Measure] {
        use Measure as M;
        match self {
            Self::Summary => &[
                M::Requests,
                M::Bytes,
                M::Pageviews,
                M::Visits,
                M::Visitors,
                M::Bounces,
                M::VisitSeconds,
                M::VisitSecondsMedian,
                M::VisitSecondsP90,
            ],
            Self::Traffic => &[
                M::Requests,
                M::Bytes,
                M::Pageviews,
                M::Visits,
                M::PeakConcurrentVisits,
            ],
            Self::Pages => &[
                M::Pageviews,
                M::Visitors,
                M::Entries,
                M::Exits,
                M::Bounces,
                M::DwellCount,
                M::DwellSeconds,
                M::DwellMedian,
                M::DwellP90,
            ],
            Self::Transitions => &[M::Transitions, M::Visitors],
            Self::Campaigns => &[
                M::Visits,
                M::Visitors,
                M::Bounces,
                M::Pageviews,
                M::VisitSeconds,
                M::Completions,
            ],
            Self::Referrers | Self::Regions | Self::Browsers | Self::Systems | Self::Devices => &[
                M::Visits,
                M::Visitors,
                M::Bounces,
                M::Pageviews,
                M::VisitSeconds,
            ],
            Self::Durations | Self::Depths => &[M::Visits],
            Self::Statuses | Self::Errors => &[M::Requests],
            Self::Goals => &[M::Completions, M::Visitors],
            Self::GoalRegions => &[M::Completions],
            Self::Crawlers => &[M::Requests, M::Bytes],
            Self::Hosts => &[M::Requests, M::Pageviews, M::Visits, M::Visitors],
            Self::Probes | Self::ProbeHours | Self::ProbeRegions => &[M::Requests, M::Visitors],
        }
    }

    /// The family in which the threshold counts a row's networks.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::Summary
            | Self::Traffic
            | Self::Statuses
            | Self::Errors
            | Self::Crawlers
            | Self::Hosts
            | Self::Probes
            | Self::ProbeHours
            | Self::ProbeRegions => Family::Requests,
            Self::Pages | Self::Transitions => Family::Pageviews,
            Self::Referrers
            | Self::Campaigns
            | Self::Regions
            | Self::Browsers
            | Self::Systems
            | Self::Devices
            | Self::Durations
            | Self::Depths
            | Self::Goals
            | Self::GoalRegions => Family::Visits,
        }
    }

    /// The family in which a visitor counts as one of the row's.
    #[must_use]
    pub const fn visitor_family(self) -> Family {
        match self {
            Self::Summary | Self::Hosts => Family::Visits,
            _ => self.family(),
        }
    }

    /// The family whose networks a measure needs, where the row's own threshold does not grant them
    /// already. The visitors of a page are those with a pageview of it, those of a probe the ones that sent
    /// it: the row's own networks.
    #[must_use]
    pub fn other_family(self, measure: Measure) -> Option<Family> {
        let granted = measure == Measure::Visitors && self.visitor_family() == self.family();
        measure
            .family()
            .filter(|family| !granted && *family != self.family())
    }
}

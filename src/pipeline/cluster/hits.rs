//! HITS: what `map` writes and `reduce` reads, one row a request, and rows of facts about lines.

use super::{
    facts::{Fact, Facts},
    frame::{
        Column,
        Kind::{Number, Text},
        Rows, Value,
    },
};
use crate::{
    privacy::{HitRow, OriginRow, Region, SenderRow},
    time::Timestamp,
};

/// The columns, by all of which an engine sorts, in this order.
pub(super) const COLUMNS: [Column; 25] = [
    ("period", Text),
    ("visitor", Number),
    ("network", Number),
    ("time", Number),
    ("kind", Text),
    ("page", Text),
    ("channel", Text),
    ("referrer", Text),
    ("campaign_source", Text),
    ("campaign_medium", Text),
    ("campaign", Text),
    ("host", Text),
    ("method", Text),
    ("status", Number),
    ("bytes", Number),
    ("goals", Number),
    ("country", Text),
    ("subdivision", Text),
    ("browser", Text),
    ("system", Text),
    ("device", Text),
    ("crawler_category", Text),
    ("crawler", Text),
    ("probe", Text),
    ("number", Number),
];

/// The positions of columns.
pub(super) const PERIOD: usize = 0;
pub(super) const VISITOR: usize = 1;
const NETWORK: usize = 2;
const TIME: usize = 3;
pub(super) const KIND: usize = 4;

/// The kinds of rows that are hits.
const REQUEST: &str = "request";
const PAGEVIEW: &str = "pageview";

/// The values of a hit.
pub(super) fn of_hit<'r>(period: &'r str, hit: &'r HitRow<'r>) -> [Value<'r>; COLUMNS.len()] {
    use Value::{Missing, Number, Text};
    let HitRow { sender, origin, .. } = hit;
    let campaign = origin.as_ref().and_then(|origin| origin.campaign);
    [
        Text(period),
        Number(hit.visitor.cast_signed()),
        Number(sender.network.cast_signed()),
        Number(hit.time.0),
        Text(if origin.is_some() { PAGEVIEW } else { REQUEST }),
        Text(hit.page),
        Value::text(origin.as_ref().map(|origin| origin.channel)),
        Value::text(origin.as_ref().map(|origin| origin.source)),
        Value::text(campaign.map(|(source, ..)| source)),
        Value::text(campaign.and_then(|(_, medium, _)| medium)),
        Value::text(campaign.and_then(|(.., campaign)| campaign)),
        Value::text(hit.host),
        Text(hit.method),
        Number(hit.status.into()),
        Number(hit.bytes.cast_signed()),
        Number(hit.goals.cast_signed()),
        Value::text(sender.region.country()),
        Value::text(sender.region.subdivision()),
        Text(sender.browser),
        Text(sender.system),
        Text(sender.device),
        Value::text(sender.crawler.map(|(category, _)| category)),
        Value::text(sender.crawler.map(|(_, name)| name)),
        Value::text(hit.probe),
        Missing,
    ]
}

/// The values of a fact. All of a kind are together, as if one visitor's.
pub(super) fn of_fact<'f>(fact: &Fact<'f>) -> [Value<'f>; COLUMNS.len()] {
    let mut values = [Value::Missing; COLUMNS.len()];
    values[PERIOD] = Value::Text(fact.period);
    values[VISITOR] = Value::Number(0);
    values[NETWORK] = Value::Number(0);
    values[TIME] = Value::Number(fact.index);
    values[KIND] = Value::Text(fact.kind);
    values[COLUMNS.len() - 1] = Value::Number(fact.number);
    values
}

/// The fact of a row; `None` if it is of no kind of facts.
pub(super) fn fact(rows: &Rows, row: usize) -> Option<Fact<'_>> {
    let kind = rows.text(KIND, row)?;
    Some(Fact {
        period: rows.text(PERIOD, row)?,
        kind: Facts::is_kind(kind).then_some(kind)?,
        index: rows.number(TIME, row)?,
        number: rows.number(COLUMNS.len() - 1, row)?,
    })
}

/// The hit of a row; `None` if a value is missing or cannot be.
pub(super) fn hit(rows: &Rows, row: usize) -> Option<HitRow<'_>> {
    let text = |column| rows.text(column, row);
    let number = |column| rows.number(column, row);
    let origin = || {
        let campaign = text(8).map(|source| (source, text(9), text(10)));
        Some(OriginRow {
            channel: text(6)?,
            source: text(7)?,
            campaign,
        })
    };
    let sender = SenderRow {
        network: number(NETWORK)?.cast_unsigned(),
        region: Region::new(text(16).unwrap_or_default(), text(17).unwrap_or_default()),
        browser: text(18)?,
        system: text(19)?,
        device: text(20)?,
        crawler: text(21).zip(text(22)),
    };
    Some(HitRow {
        visitor: number(VISITOR)?.cast_unsigned(),
        time: Timestamp(number(TIME)?),
        sender,
        page: text(5)?,
        goals: number(15)?.cast_unsigned(),
        origin: match text(KIND)? {
            PAGEVIEW => Some(origin()?),
            REQUEST => None,
            _ => return None,
        },
        host: text(11),
        method: text(12)?,
        status: u16::try_from(number(13)?).ok()?,
        bytes: u64::try_from(number(14)?).ok()?,
        probe: text(23),
    })
}

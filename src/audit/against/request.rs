//! What is defined of single requests: which are pageviews, where these came from, and in which order a
//! visitor's requests are.

use std::cmp::Ordering;

use super::{log::Logged, rules::Reduced};
use crate::privacy::Method;

/// A GET of something other than an asset, answered with 2xx or 304.
pub(super) fn is_pageview(reduced: &Reduced<'_>, request: &Logged) -> bool {
    let known = &reduced.requests[request.request as usize];
    let answered = (200..300).contains(&request.status) || request.status == 304;
    answered && known.method == Method::Get && !known.is_asset
}

/// Domain and channel of a pageview's referrer.
pub(super) fn origin<'r>(reduced: &'r Reduced<'_>, request: &Logged) -> (&'r str, &'static str) {
    let own = reduced.log.hosts.get(request.host);
    let (source, channel) = reduced.referrer(request.referrer).seen_from(own);
    let is_campaign = reduced.requests[request.request as usize]
        .campaign
        .is_some();
    (
        source,
        if is_campaign {
            "campaign"
        } else {
            channel.name()
        },
    )
}

/// Visitors together, each one's requests in the order of their definition.
pub(super) fn order(reduced: &Reduced<'_>, one: &Logged, other: &Logged) -> Ordering {
    let unit = |it: &Logged| reduced.clients[it.client as usize].unit;
    let visitor = |it: &Logged| (unit(it), it.agent, it.time);
    visitor(one)
        .cmp(&visitor(other))
        .then_with(|| tie(reduced, one, other))
}

/// The order of a visitor's requests of one instant.
fn tie(reduced: &Reduced<'_>, one: &Logged, other: &Logged) -> Ordering {
    let request = |it: &Logged| &reduced.requests[it.request as usize];
    let page = |it: &Logged| reduced.texts.get(request(it).page);
    let origin = |it: &Logged| is_pageview(reduced, it).then(|| origin(reduced, it));
    let campaign = |it: &Logged| {
        let campaign = request(it).campaign;
        campaign.map(|tags| tags.map(|tag| reduced.texts.get(tag)))
    };
    let rest = |it: &Logged| (request(it).method.name(), it.status, it.bytes);
    page(one)
        .cmp(page(other))
        .then_with(|| origin(one).cmp(&origin(other)))
        .then_with(|| campaign(one).cmp(&campaign(other)))
        .then_with(|| rest(one).cmp(&rest(other)))
}

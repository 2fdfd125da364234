//! What the columns of load balancers, object stores and proxies say, in their order.
//!
//! Sources: "Access log entries" in the Elastic Load Balancing and Amazon S3 user guides, Squid's
//! `logformat` directive, Envoy's "Default format string", Istio's `meshConfig.accessLogFormat`.

use super::plan::Field;

/// Elastic Load Balancing, classic: older servers end after the request.
pub(super) const ELB: &[Field] = &[
    Field::Moment,
    Field::Word,
    Field::Client,
    Field::Word,
    Field::Word,
    Field::Word,
    Field::Word,
    Field::Status,
    Field::Word,
    Field::Word,
    Field::Bytes,
    Field::ProxyRequest,
    Field::UserAgent,
];

/// How many columns every line of a classic load balancer has.
pub(super) const ELB_LEAST: usize = 12;

/// Elastic Load Balancing, application: up to the last column of use.
pub(super) const ALB: &[Field] = &[
    Field::Word,
    Field::Moment,
    Field::Word,
    Field::Client,
    Field::Word,
    Field::Word,
    Field::Word,
    Field::Word,
    Field::Status,
    Field::Word,
    Field::Word,
    Field::Bytes,
    Field::ProxyRequest,
    Field::UserAgent,
];

/// Amazon S3 server access: up to the last column of use, which older lines do not have.
pub(super) const S3: &[Field] = &[
    Field::Word,
    Field::Word,
    Field::Moment,
    Field::Client,
    Field::Word,
    Field::Word,
    Field::Word,
    Field::Word,
    Field::Request,
    Field::Status,
    Field::Word,
    Field::Bytes,
    Field::Word,
    Field::Word,
    Field::Word,
    Field::Referrer,
    Field::UserAgent,
    Field::Word,
    Field::Word,
    Field::Word,
    Field::Word,
    Field::Word,
    Field::Host,
];

/// How many columns every line of S3 has.
pub(super) const S3_LEAST: usize = 17;

/// Squid's `squid`: the user and the server are columns too.
pub(super) const SQUID: &[Field] = &[
    Field::Moment,
    Field::Word,
    Field::Client,
    Field::ResultStatus,
    Field::Bytes,
    Field::Method,
    Field::Url,
    Field::Text,
    Field::Word,
    Field::Word,
];

/// Envoy's default, which has no address of the peer.
pub(super) const ENVOY: &[Field] = &[
    Field::Moment,
    Field::Request,
    Field::Status,
    Field::Word,
    Field::Word,
    Field::Bytes,
    Field::Word,
    Field::Word,
    Field::ForwardedFor,
    Field::UserAgent,
    Field::Word,
    Field::Host,
    Field::Word,
];

/// Istio's default: Envoy's with more about failures before the bytes and about connections at the end.
pub(super) const ISTIO: &[Field] = &[
    Field::Moment,
    Field::Request,
    Field::Status,
    Field::Word,
    Field::Word,
    Field::Word,
    Field::Text,
    Field::Word,
    Field::Bytes,
    Field::Word,
    Field::Word,
    Field::ForwardedFor,
    Field::UserAgent,
    Field::Word,
    Field::Host,
    Field::Word,
];

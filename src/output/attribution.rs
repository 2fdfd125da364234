//! The notice owed to the source of the region database.

/// Goes wherever regions are shown, as the licence of the data (CC BY 4.0) asks.
pub const ATTRIBUTION: &str = "IP Geolocation by DB-IP (https://db-ip.com). \
    IP to City Lite, 2026-06, CC BY 4.0. Changed: reduced to country and first-level subdivision, \
    names mapped to ISO 3166-2, networks merged.";

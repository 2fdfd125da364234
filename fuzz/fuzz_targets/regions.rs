//! Region databases that are damaged or none.
//!
//! The input is the file.

#![no_main]

use std::net::IpAddr;

use hushlog::privacy::{
    Regions,
    geo::{self, Imprint},
};
use hushlog_fuzz::Scratch;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static FILE: Scratch = Scratch::new("given.mmdb");
    static REDUCED: Scratch = Scratch::new("reduced.mmdb");
}

const ADDRESSES: [&str; 6] = [
    "0.0.0.0",
    "81.2.69.142",
    "255.255.255.255",
    "::ffff:192.0.2.1",
    "2001:db8::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

fuzz_target!(|file: &[u8]| {
    let Ok(regions) = FILE.with(|scratch| Regions::open(&[scratch.with(file)])) else {
        return;
    };
    let _ = regions.shortcomings();
    ask(&regions);
    let _ = geo::coverage(&regions);
    let Ok(reduced) = geo::reduce(&regions, &Imprint::default()) else {
        return;
    };
    let reopened = REDUCED.with(|scratch| Regions::open(&[scratch.with(&reduced)]));
    // A database without any known country is refused.
    if let Ok(reopened) = reopened {
        ask(&reopened);
        let again = geo::reduce(&reopened, &Imprint::default());
        assert!(
            again.is_ok_and(|again| again == reduced),
            "reducing again changes it"
        );
    }
});

/// Looks addresses up: codes are codes, whatever the file says.
fn ask(regions: &Regions) {
    for address in ADDRESSES {
        let address: IpAddr = address.parse().expect("an address");
        let region = regions.region(address);
        let is_code = |code: &str| code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        assert!(
            region
                .country()
                .is_none_or(|code| code.len() == 2 && is_code(code))
        );
        assert!(
            region
                .subdivision()
                .is_none_or(|code| code.len() <= 3 && is_code(code))
        );
    }
}

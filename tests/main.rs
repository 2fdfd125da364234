//! Integration tests: the built program from outside, against an independent reading of the contract.

mod architecture;
mod attacks;
mod audit;
mod by_host;
mod canary;
mod cases;
mod coverage;
mod crash;
mod formats;
mod generate;
mod geo;
mod inputs;
mod keys;
mod layouts;
mod oracle;
mod program;
mod properties;
mod reference;
mod rerun;
mod scenarios;
mod scrub;
mod servers;
mod site;
mod traces;

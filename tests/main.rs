//! Integration tests: the built program from outside, against an independent reading of the contract.

mod coverage;
mod generate;
mod geo;
mod oracle;
mod reference;
mod scenarios;

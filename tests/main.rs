//! Integration tests: the built program from outside, against an independent reading of the contract.

mod coverage;
mod generate;
mod layouts;
mod oracle;
mod reference;
mod scenarios;

//! Integration tests: the built program from outside, against an independent reading of the contract.

mod canary;
mod coverage;
mod generate;
mod oracle;
mod program;
mod reference;
mod scenarios;
mod traces;

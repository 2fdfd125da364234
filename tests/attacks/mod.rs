//! What an attacker would try, as logs and commands: each case fails where its defence is missing.

mod subtraction;

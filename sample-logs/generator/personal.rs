//! Personal data of invented people, put where real logs have it, so that scrubbing has work to do.

use std::fmt::Write;

use super::random::Random;

const FIRST: [&str; 24] = [
    "jane", "john", "alice", "bob", "carol", "maria", "ahmed", "chen", "olga", "pierre", "sofia",
    "lars", "anna", "tom", "nina", "paul", "emma", "luca", "marta", "ivan", "yuki", "omar", "ines",
    "karl",
];
const LAST: [&str; 20] = [
    "doe", "smith", "miller", "garcia", "weber", "rossi", "dubois", "jensen", "novak", "silva",
    "kim", "tanaka", "petrov", "khan", "berg", "martin", "lopez", "fischer", "moore", "lindgren",
];
const WORDS: [&str; 16] = [
    "tomatoes",
    "when+to+prune+roses",
    "small+pond",
    "garden+lights",
    "gr%C3%BCne+bohnen",
    "soil",
    "herbs+balcony",
    "bulbs",
    "how+to+grow+lemons",
    "opening+hours",
    "order+status",
    "invoice",
    "raised+bed",
    "compost",
    "hedge+height+law",
    "rain+barrel",
];
const ACCOUNTS: [&str; 5] = ["alice", "bob", "carol.weber", "jdoe", "intern"];
const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

/// A name for HTTP authentication.
pub(crate) fn account(random: &mut Random) -> &'static str {
    random.pick::<&'static str>(&ACCOUNTS)
}

/// `?q=` with words, now and then with a name.
pub(crate) fn append_search(random: &mut Random, target: &mut String) {
    target.push_str("?q=");
    if random.per_mille(150) {
        append_name(random, target, '+');
        target.push('+');
    }
    let words: &str = random.pick::<&str>(&WORDS);
    target.push_str(words);
}

/// The query string of a finished order.
pub(crate) fn append_order(random: &mut Random, target: &mut String) {
    let order = random.between(10_000_000, 99_999_999);
    append(target, format_args!("?order={order}"));
    if random.per_mille(100) {
        let digits = random.below(1_000_000_000);
        append(target, format_args!("&card=411111{digits:010}"));
    }
}

/// A request target with something about a person in it.
pub(crate) fn append_target(random: &mut Random, target: &mut String) {
    match random.below(10) {
        0 => append_named(random, target, "/users/", '-', ""),
        1 => append_token(random, target, "/reset/"),
        2 => {
            append_token(random, target, "/reset?token=");
            append_mail(random, target, "&email=", "%40");
        }
        3 => append_mail(random, target, "/unsubscribe?email=", "%40"),
        4 => append_mail(random, target, "/files/", "@"),
        5 => append_token(random, target, "/newsletter/confirm/"),
        6 => {
            let order = random.between(10_000_000, 99_999_999);
            append(target, format_args!("/account/orders/{order}"));
        }
        7 => append_token(random, target, "/shop/;jsessionid="),
        8 => append_named(random, target, "/~", '.', "/"),
        _ => append_token(random, target, "/account?PHPSESSID="),
    }
}

fn append_named(random: &mut Random, target: &mut String, before: &str, joint: char, after: &str) {
    target.push_str(before);
    append_name(random, target, joint);
    target.push_str(after);
}

fn append_name(random: &mut Random, target: &mut String, joint: char) {
    let (first, last) = (random.pick(&FIRST), random.pick(&LAST));
    append(target, format_args!("{first}{joint}{last}"));
}

fn append_mail(random: &mut Random, target: &mut String, before: &str, at: &str) {
    append_named(random, target, before, '.', at);
    target.push_str(random.pick::<&str>(&["example.com", "example.org", "example.net"]));
}

fn append_token(random: &mut Random, target: &mut String, before: &str) {
    target.push_str(before);
    let mut bits = random.next();
    for _ in 0..2 {
        for _ in 0..16 {
            target.push(char::from(HEXADECIMAL[(bits & 15) as usize]));
            bits >>= 4;
        }
        bits = random.next();
    }
}

fn append(target: &mut String, text: std::fmt::Arguments<'_>) {
    target.write_fmt(text).expect("a String takes everything");
}

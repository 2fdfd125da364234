//! Turns web server logs into statistics that can be published, with no personal data left in them.
//!
//! A log line goes in as bytes and comes out, if at all, as a share of a row that at least k networks
//! made together, or hidden by noise: visits and their length, entry and exit pages, the way from page to page, referrers,
//! campaigns, regions, browsers, errors, crawlers. What every number means and which promises hold is
//! told in `docs/manual`; these pages are about how the program is made.
//!
//! # The way of a line, and its two gates
//!
//! ```text
//! bytes --input--> Chunk --format--> Record<'a> ==privacy==> Hit --session--> visits
//!                                    personal   GATE 1       pseudonymous, in memory only
//!
//!       --aggregate--> Totals ==release==> Release --output--> files
//!                      exact    GATE 2     anonymous
//! ```
//!
//! - **Gate 1** is [`privacy`]: it alone can build a [`Hit`](privacy::Hit), whose fields and constructor
//!   are private. What comes after it names hits, never a [`Record`](record::Record).
//! - A log that is scrubbed passes gate 1 only: its lines are written again by `format`, with what is in a
//!   [`ScrubbedRecord`](privacy::ScrubbedRecord), which gate 1 alone can build, in the place of all values.
//!   They are pseudonymous, not anonymous.
//! - **Gate 2** is [`release`]: it alone can build a [`Release`](release::Release). What comes after it
//!   encodes a release and never sees the exact tables.
//!
//! Who trusts these two modules to keep their promises has to read nothing else for them.
//!
//! # Entry points
//!
//! - [`pipeline::read`] takes log files through gate 1, [`pipeline::report`] what was read through
//!   gate 2 and into a [`Folder`](output::Folder). `src/cli/report/` shows both in use; the library
//!   knows nothing of command lines.
//! - [`pipeline::watch::Watch::run`] does the same for lines as they come, day after day.
//! - [`pipeline::cluster`] has the same in stages, for an engine that drives them on many machines.
//! - [`privacy::Gate::admit`] is the gate itself, one line at a time.
//! - [`pipeline::scrub`] writes a log again line by line, [`privacy::Scrubber`] is its gate.
//! - [`aggregate::Contribution`] is where a visitor's sorted hits become numbers.
//! - [`release::Plan::new`] decides what is named and what is not.
//! - [`output::files`] encodes a release.
//! - [`pipeline::export()`] gives partners less of what is released.
//! - [`view::Folders::find`] reads releases back, [`output::show()`] shows them.
//!
//! # Code map
//!
//! Imports run one way, down this list: a module uses those above it, never those below.
//!
//! | module | what it does |
//! |---|---|
//! | [`error`], [`stats`] | The crate's one error type. The accounts: each line of input ends in exactly one. How far an operation has come. |
//! | [`time`], [`record`] | Instants, the date syntaxes of logs, the site's calendar of days and periods. One request as logged, which cannot be printed. |
//! | [`input`] | Finds and opens files and standard input, decompresses, yields chunks of whole lines. [`input::live`] follows files through rotation and listens for syslog. |
//! | [`format`](mod@format) | Compiles format strings of three dialects once to a field plan, knows the layouts that are no format string (`w3c`, `json`, `haproxy`, rows of columns), detects a log's format, parses lines, and writes them again with other values (`rewrite`). |
//! | [`privacy`] | Reduces every field of a record to what may count: `gate` puts the rules together and remembers what each distinct value came to (`memo`, in tables of `places`), `opt_out` drops what asks not to be counted, `filters` set lines aside, `senders` tells whom requests are told apart by, `repetition` notices lines read twice, `address`, `agent`, `referrer`, `url` and `geo` are the rules, `networks` remembers what is known of networks, `pseudonym` the keys, `ratchet`, `key_file` and `key_chain` those that outlive a run, `seal` and `segment` what may be kept of a day under its key, `excerpt` hits with names in the place of numbers, `carry` what leaves memory of them for a while, `policy` the settings. `lexicon` numbers the reduced strings, `intake` holds the hits, `row` hands them on in words. `sites` are the hosts with a report of their own, `gates` has a gate for each. `scrub` is the gate of logs that are written again. |
//! | [`session`] | Orders one visitor's hits and cuts them into visits. |
//! | [`aggregate`] | `table` declares tables, measures and families; `contribution` counts what one visitor's day adds to each cell; collectors add that up; `parts` are what a part of a period comes to. |
//! | [`release`] | `plan` and `threshold` roll small cells up, `numbers` and `dominance` empty the cells in which few stand out, [`noise`](release::noise) is differential privacy in their place, `ledger` and `state` remember what has been released, `export` is what partners may have of it. Parts that do not depend on each other are left to an [`Execution`](release::Execution), which [`pipeline`] has threads for. |
//! | [`view`] | Reads what was released back from its folder, and adds up over periods what may be added. |
//! | [`output`] | Encodings of a release, the summary for the terminal, and `publish`, the only code that writes an output folder; `html` is the page of all that is in it, `show` the same for the terminal; `log` is where scrubbed lines go. |
//! | [`sealed`] | Original lines, encrypted as they are scrubbed to keys that are not here (`sealer`, `recipients`), in a `folder` with a `register` of who opened what (`opening`), and when what expired. |
//! | [`pipeline`] | Connects the stages and owns the threads; `runs` is what of a report has no room in memory; [`pipeline::watch`] does so for logs that are followed: `checkpoint` is what outlives its process, `closing` releases what is over, `service` brings it events, time and signals. [`pipeline::cluster`] is the stages as streams. |
//! | [`database`] | Loads what is released into `PostgreSQL` and `SQLite`. |
//! | [`serve`] | Shows over HTTP how a watch is doing, and what it has released. |
//! | [`audit`] | The motivated intruder: reads back what was released, beside the log if there is one, and tries to find anything that breaks a promise. No stage knows of it. |
//!
//! The binary adds `cli`: arguments to settings, results to messages and exit statuses, and the
//! hardening of the process.
//!
//! # What never happens
//!
//! 1. Between input and output no stage does I/O or reads a clock, the environment or random bytes:
//!    time comes from the log; the wall clock, the ledger, the keys, the key file and the region database
//!    are read before the first line, and passed in; so is the seed of noise, where there is any.
//! 2. The number of threads, the size of chunks, the split of a log into files and their order change
//!    no published byte, as long as each file's format is found to be the same; neither does the key.
//!    Noise differs in every run; what it is added to does not.
//!    Whatever could depend on arrival is ordered first: hits by [`session::sort`], strings by their
//!    rank, rows by the order of publication.
//! 3. A malformed line is no error: it is a count, and where it stands. No line is in two accounts or
//!    in none.
//! 4. Messages and errors hold no text of a log line. Code works on `&[u8]`, since a panic that slices
//!    a `str` prints it, and `Record` and what is borrowed from it have a `Debug` that shows nothing.
//! 5. No string of a log leaves unless it is of a closed vocabulary, or was reduced by a rule and sent
//!    by at least k networks. Pseudonyms never reach a `Release`, a file, a file name or a message. Scrubbed
//!    logs alone have both, reduced strings of one client and pseudonyms, which are of keys of their own.
//! 6. Neither hits nor the keys behind their pseudonyms are ever written to disk so that they would outlive the process:
//!    both end with it. Hits that a bound of memory has no room for go to a file without a name
//!    ([`MemoryBound`](pipeline::MemoryBound)), sealed under a random key that is nowhere but in memory. Where a cluster engine drives the stages they go through its shuffle, pseudonymous, and keys are
//!    of a file. Only a watch with a key file keeps the hits of open periods, sealed under a key of the
//!    period's first day, which is given up when the period is closed. Only where the user has a key file,
//!    [`KeyFile`](privacy::KeyFile), do the keys of days that are not released yet outlive the process,
//!    there and nowhere else: no earlier key can be computed from what is in it, and only the wall clock
//!    lets it advance.
//! 7. A period is published whole or not at all, and once. A failed write leaves in view what was
//!    there before, or what the next run finishes.
//! 8. No mutable statics, no global configuration, no stage that holds another stage's settings, no
//!    `unsafe`. Of the library only [`pipeline`] starts threads, and [`input::live`] tasks and one thread for
//!    standard input; only `format` knows format strings, only `privacy::geo` the region database, and
//!    nothing knows of arguments or prints.
//!
//! # How numbers are computed
//!
//! **Collect, sort, reduce.** Reading appends hits of a fixed size to pages. Within a full page they are
//! put in the order of shards, chosen by bits of the visitor's pseudonym, so that all hits of a visitor's
//! day are in one. When everything is read, each shard of a period is sorted, where it lies, into the
//! order in which visits are defined ([`session::sort`]), and one linear pass per visitor yields a [`Contribution`](aggregate::Contribution): visits, dwell, steps from
//! page to page, all at once and exact. There is no map of open visits, no timer, no approximation.
//! Shards are disjoint in visitors, so threads work side by side and their results merge by addition.
//!
//! Where no visitors are to be told apart, [`Senders::Networks`](privacy::Senders), the same is done by
//! network: gate 1 makes no other pseudonym, so what follows has no visitor to make visits of, and counts
//! requests and pageviews one by one. That choice is made in the policy, and the lexicon tells it on.
//!
//! **Survey, plan, totals, shares.** A period's sorted shards are read three times, each time into
//! another [`Collector`](aggregate::Collector), so that nothing costly is ever kept for the many cells
//! that will not be published; the first time as soon as each is sorted, while a near cache holds it:
//!
//! 1. The [`Survey`](aggregate::Survey) knows each cell's size and networks. From it the
//!    [`Plan`](release::Plan) decides which cells become rows of their own and which join `(other)`.
//! 2. [`Totals`](aggregate::Totals) are the exact numbers of those rows. What cannot be added up over
//!    cells, such as the distinct visitors and networks of `(other)`, is counted as a union.
//! 3. [`Shares`](aggregate::Shares) are the visitors' parts of the few columns in which a cell has to be
//!    emptied; they tell which further cells have to go with it, so that subtraction restores neither.
//!
//! **Units, noise.** With `--privacy dp` one reading is enough. All visitors of an address are in one
//! shard: [`bounded::Units`](aggregate::bounded::Units) adds them up and bounds what the address may count,
//! and [`Noise`](release::Noise) releases the bounded tables. [`pipeline::report`] chooses between the two
//! ways in one place; neither knows of the other.
//!
//! Strings are handled once: each worker numbers the reduced strings it meets, and
//! [`Collected::join`](privacy::Collected::join) turns those numbers into ranks in bytewise order, so
//! that comparing numbers compares strings and no result depends on which worker saw a string first.
//!
//! All hits of a run are in memory until their period is released: 40 bytes a request, and the distinct
//! reduced strings once. Under a [`MemoryBound`](pipeline::MemoryBound) a worker that holds more than its share
//! hands its hits on to a sealed file, in 64 parts by visitor, and begins anew with empty dictionaries; the
//! release then takes part after part back each time it reads the period, sorts it under the part's own
//! lexicon, and counts it in the numbers of the period's. That one has only the names that a release may ask for: a
//! page that fewer than k networks asked for can be in no row but `(other)`, so that all of these are surveyed
//! as one cell, which knows whether they are one or several. Of what was logged nothing is kept: what a value reduces to is remembered by a
//! keyed hash of its bytes.
//!
//! # Where to add what
//!
//! | what | where |
//! |---|---|
//! | a log format written as an Apache `LogFormat` | a row in `format/predefined.rs` |
//! | a syntax of format strings | a front end in `format/spec/` that yields the same pieces |
//! | a rule for paths | `privacy/url/segment.rs` |
//! | a browser, a system, a class of device | a row in `privacy/agent/vocabulary.rs` |
//! | a crawler, a host of a channel, a path word | the lists in `data/` |
//! | a table | `aggregate/table.rs`, its keys in `aggregate/key.rs`, what counts in `aggregate/contribution.rs`, its columns' descriptions in `output/datapackage.rs`, when it is made in `cli/notice/publication.rs` |
//! | a measure | the same, and `aggregate/amounts.rs`; a volume is judged for dominance too |
//! | either, with noise | its bounds in `aggregate/bounded/bounds.rs`, its keys in `domain.rs` beside it, its share in `release/noise/shares.rs` |
//! | an encoding | a file in `output/`, called by `output/files.rs` |
//! | a figure of the page | a file in `output/html/figures/`, called by `output/html/sections.rs`, as are the page's tables; what elements and attributes a page may have is in `audit/page.rs` |
//! | a kind of field that formats tell | `format/outline.rs`, with words in `cli/formats/explain.rs` and `cli/notice/data.rs` |
//! | a profile | a variant in `cli/profile.rs` |
//! | an option | `cli/release/` if it concerns releases, else the folder of its command, into the settings of the one stage it concerns |
//!
//! Whatever is added comes with a test that fails without it; `.ci/run` is everything that has to hold.

// What several stages use.
pub mod error;
pub mod record;
pub mod stats;
pub mod time;

// Bytes to records.
pub mod input;

pub mod format;

// Gate 1: records to hits.
pub mod privacy;

// Hits to exact numbers.
pub mod session;

pub mod aggregate;

// Gate 2: exact numbers to releases.
pub mod release;

// What was released, read back.
pub mod view;

// Releases to files.
pub mod output;

// Original lines, encrypted to others.
pub mod sealed;

// All of it, connected.
pub mod pipeline;

// Releases in databases.
pub mod database;

// How a watch is doing, and its files, over HTTP.
pub mod serve;

// Released files, attacked.
pub mod audit;

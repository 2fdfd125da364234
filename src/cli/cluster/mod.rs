//! `hushlog map`, `reduce` and `release`: the stages of a report as streams, for a cluster engine.

mod map;
mod reduce;
mod release;

use clap::Arg;
use hushlog::{
    error::{Error, Result},
    pipeline::{ReportSettings, cluster::Contract, random},
    privacy::DayKeys,
};

pub(super) use self::{
    map::{MapArguments, run as map},
    reduce::{ReduceArguments, run as reduce},
    release::{MergeArguments, run as release},
};
use super::{profile::Privacy, release::ReleaseArguments};

/// An argument of `report` as stages that run apart show it: some are not theirs.
fn of_stages(argument: Arg) -> Arg {
    match argument.get_id().as_str() {
        "by_host" | "host_from_file" | "key_credential" => argument.hide(true),
        _ => argument,
    }
}

/// The same of tasks, which release nothing.
fn of_tasks(argument: Arg) -> Arg {
    match argument.get_id().as_str() {
        "output" => argument.required(false).default_value(".").hide(true),
        "output_format" | "state" | "ledger" | "allow_partial" | "gap" | "retain" | "to" => {
            argument.hide(true)
        }
        _ => of_stages(argument),
    }
}

impl ReleaseArguments {
    /// What a report is made by whose stages run apart.
    fn stage_settings(&self) -> Result<ReportSettings> {
        for (is_given, option) in [
            (self.privacy()? == Privacy::Dp, "--privacy dp"),
            (self.by_host, "--by-host"),
            (!self.host_from_file.is_empty(), "--host-from-file"),
        ] {
            if is_given {
                return Err(Error::Setting(format!(
                    "{option} is of `hushlog report`; map, reduce and release do without"
                )));
            }
        }
        self.settings(false)
    }

    /// What the streams of a job have in common, as far as the key is known.
    fn contract(&self, settings: &ReportSettings, keys: Option<&DayKeys>) -> Result<Contract> {
        let contract = Contract::of_settings(&settings.policy, &settings.calendar);
        let Some(keys) = keys else {
            return Ok(contract);
        };
        let filters = self.identity(&settings.policy);
        let keyed = contract.keyed(keys, &filters);
        keyed.ok_or_else(|| Error::Setting("the key file has no key of any day yet".to_owned()))
    }
}

/// Seeds for hash tables that hold strings chosen by clients.
fn seeds() -> Result<[u64; 4]> {
    let bytes = random::<32>()?;
    let (words, _) = bytes.as_chunks::<8>();
    Ok([0, 1, 2, 3].map(|index| u64::from_le_bytes(words[index])))
}

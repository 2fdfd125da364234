//! What `report` is run by with its arguments, for whoever tells of it instead of doing it.

use hushlog::{
    error::Result,
    format::{Format, OptOutCookie},
    pipeline::ReportSettings,
    privacy::Policy,
    release::Spending,
    time::Retention,
};

use super::ReportArguments;

/// The settings that arguments come to.
pub(in crate::cli) struct InForce {
    pub(in crate::cli) settings: ReportSettings,
    pub(in crate::cli) policy: Policy,
    /// What noise may cost an address, where it protects and not the threshold.
    pub(in crate::cli) spending: Option<Spending>,
    /// None if it is found out for each log.
    pub(in crate::cli) format: Option<Format>,
    pub(in crate::cli) cookies: Vec<OptOutCookie>,
    /// Whether addresses may have asked not to be counted.
    pub(in crate::cli) opt_out_addresses: bool,
    pub(in crate::cli) has_key_file: bool,
    /// Whether what is known of visitors may leave memory for an encrypted file.
    pub(in crate::cli) leaves_memory: bool,
    /// How long releases are kept, if not for ever.
    pub(in crate::cli) retain: Option<Retention>,
}

impl ReportArguments {
    /// What is in force with these arguments.
    pub(in crate::cli) fn in_force(&self) -> Result<InForce> {
        let cookies = self.release.opt_out.cookies();
        let format = self.release.log.chosen()?;
        Ok(InForce {
            settings: self.release.settings(self.include_open)?,
            policy: self.release.policy()?,
            spending: self.release.spending()?,
            format: format.map(|format| format.heeding(cookies)),
            cookies: cookies.to_vec(),
            opt_out_addresses: self.release.opt_out.have_addresses(),
            has_key_file: self.release.has_lasting_keys(),
            leaves_memory: self.memory.is_some(),
            retain: self.release.retain,
        })
    }
}

impl InForce {
    /// Whether sites are named that requests go to.
    pub(in crate::cli) fn names_hosts(&self) -> bool {
        self.policy.hosts.names().len() > 1
    }
}

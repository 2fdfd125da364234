//! Whose requests are not counted, as the command line says.

use std::{fs, path::PathBuf};

use clap::Args;
use hushlog::{
    error::{Error, Result},
    format::OptOutCookie,
    privacy::OptOuts,
};

/// Whose requests are not counted, beside those that carry `DNT: 1` or `Sec-GPC: 1`.
#[derive(Args)]
pub(super) struct OptOutArguments {
    /// Cookie by which clients ask not to be counted, with any value or one; the log must have cookies
    #[arg(long, env = "HUSHLOG_OPT_OUT_COOKIE", value_name = "NAME[=VALUE]")]
    opt_out_cookie: Vec<OptOutCookie>,

    /// Address or network that asked not to be counted
    #[arg(long, env = "HUSHLOG_OPT_OUT_IP", value_name = "CIDR")]
    opt_out_ip: Vec<String>,

    /// File of such addresses and networks, one a line, with # before comments
    #[arg(long, env = "HUSHLOG_OPT_OUT_LIST", value_name = "FILE")]
    opt_out_list: Vec<PathBuf>,
}

impl OptOutArguments {
    /// The cookies by which clients ask not to be counted.
    pub(super) fn cookies(&self) -> &[OptOutCookie] {
        &self.opt_out_cookie
    }

    /// Whether addresses may have asked, be it that none has yet.
    pub(super) const fn have_addresses(&self) -> bool {
        !self.opt_out_ip.is_empty() || !self.opt_out_list.is_empty()
    }

    /// The addresses that asked.
    pub(super) fn addresses(&self) -> Result<OptOuts> {
        let lists = self.opt_out_list.iter().map(|path| {
            let name = path.display().to_string();
            match fs::read(path) {
                Ok(text) => Ok((name, text)),
                Err(source) => Err(Error::Read { name, source }),
            }
        });
        OptOuts::new(&self.opt_out_ip, &lists.collect::<Result<Vec<_>>>()?)
    }
}

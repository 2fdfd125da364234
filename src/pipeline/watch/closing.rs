//! Releases and closes the periods of a watch that are over: their keys are given up, and what was kept of
//! them with these.

use rayon::ThreadPool;

use super::{
    super::{
        random,
        report::{Material, Outlet, Report, ReportSettings, report},
    },
    Watch,
};
use crate::{
    error::Result,
    output::Folder,
    privacy::{Collected, KeyChain, Keys},
    release::{Noise, Removal},
    time::{Date, Period, Timestamp},
};

/// What became of a period that was over.
pub enum Closing {
    /// It was released as the reports of all sites say, unless these give a reason why not.
    Reported(Vec<Report>),
    /// It was given up: lines of it were lost, or came before the process began, which keeps nothing
    /// between runs.
    Partial(Period),
    /// It is held back, and with it later ones: its release would take so many bytes of memory, which is
    /// more than it may.
    TooLarge(Period, u64),
}

/// What every release changes.
pub(super) struct Keeping {
    pub(super) folders: Vec<Folder>,
    pub(super) chain: KeyChain,
}

impl Watch {
    /// Periods that were released but not closed when the last process ended.
    pub(super) fn drop_released(&mut self) -> Result<()> {
        let folders = &self.keeping.folders;
        let is_released = |period: &Period| folders.iter().all(|it| it.ledger().contains(*period));
        let released: Vec<Period> = self.checkpoint.periods().filter(is_released).collect();
        for period in released {
            self.checkpoint.close(period);
        }
        self.checkpoint.clear()
    }

    /// The first open period that can be released now.
    pub(super) fn next_due(&self, now: Timestamp) -> Option<Period> {
        let first = self.checkpoint.periods().next()?;
        let end = self.settings.report.calendar.midnight(first.end());
        let over = end.0.saturating_add(self.settings.grace) <= now.0;
        let fits = self.too_large != Some(first);
        let is_believed = !self.clock.is_doubted();
        (over && is_believed && fits && self.followed.have_passed(end, self.settings.silence, now))
            .then_some(first)
    }

    pub(super) fn close_due(
        mut self,
        keys: &[Keys],
        now: Timestamp,
        tell: &mut impl FnMut(Closing),
    ) -> Result<Self> {
        while let Some(period) = self.next_due(now) {
            if self.checkpoint.memory(period) > self.settings.memory {
                tell(Closing::TooLarge(period, self.checkpoint.memory(period)));
                self.too_large = Some(period);
                return Ok(self);
            }
            self.keeping.chain.turn_to(self.day(now));
            // So that it can be opened when the keys of days before today are given up.
            self.commit(now)?;
            self.status.update(|it| it.releasing = true);
            let closing;
            (self, closing) = self.release(period, keys, now)?;
            tell(closing);
            self.status.update(|it| it.releasing = false);
            self.was_occupied = true;
            self.checkpoint.close(period);
            self.commit(now)?;
            self.keeping.chain.advance(period.end())?;
            self.checkpoint.clear()?;
            if let Some(retention) = self.settings.retain {
                let day = retention.cutoff(self.day(now));
                self.keeping = self.keeping.expire(day)?;
            }
        }
        Ok(self)
    }

    /// Releases a period, if it may be.
    fn release(mut self, period: Period, keys: &[Keys], now: Timestamp) -> Result<(Self, Closing)> {
        let material = self.material(period, keys)?;
        if !material.whole && !self.settings.report.allow_partial {
            self.status.update(|it| it.withheld += 1);
            return Ok((self, Closing::Partial(period)));
        }
        let noise = self.settings.noise.map(|it| Ok(Noise::new(it, &random()?)));
        let noise = noise.transpose()?;
        let settings = &self.settings.report;
        let (reports, keeping) = self
            .keeping
            .release(&self.pool, material, settings, noise)?;
        self.keeping = keeping;
        let released = reports.iter().any(|report| !report.releases.is_empty());
        self.status.update(|it| {
            it.releases += u64::from(released);
            it.withheld += u64::from(!released);
            it.released = it.released.max(released.then_some(now));
        });
        Ok((self, Closing::Reported(reports)))
    }

    /// All that is known of a period.
    fn material(&self, period: Period, keys: &[Keys]) -> Result<Material> {
        let chain = &self.keeping.chain;
        let sites = self.checkpoint.load(period, &self.policy, keys, chain)?;
        let start = self.settings.report.calendar.midnight(period.start);
        let seen = self.unseen_before.is_none_or(|before| before <= start);
        Ok(Material {
            sites: Collected::of_sites(sites, &self.policy),
            whole: seen && !self.checkpoint.is_partial(period),
            sources: self.followed.names(),
            elsewhere: None,
        })
    }
}

impl Keeping {
    /// Removes releases of periods that ended by a day.
    fn expire(mut self, day: Date) -> Result<Self> {
        let folders = self.folders.into_iter().map(|folder| {
            let ended = folder.ended_by(day);
            folder.remove(&ended, Removal::Expired)
        });
        self.folders = folders.collect::<Result<_>>()?;
        Ok(self)
    }

    /// Releases what may be.
    fn release(
        self,
        pool: &ThreadPool,
        material: Material,
        settings: &ReportSettings,
        noise: Option<Noise>,
    ) -> Result<(Vec<Report>, Self)> {
        let (key_file, memory) = match self.chain {
            KeyChain::File(file) => (Some(file), None),
            KeyChain::Memory(chain) => (None, Some(chain)),
        };
        let outlet = Outlet {
            folders: self.folders,
            key_file,
        };
        let (reports, outlet) = report(pool, material, settings, outlet, noise)?;
        let chain = outlet.key_file.map(KeyChain::File);
        let chain = chain.or(memory.map(KeyChain::Memory));
        Ok((
            reports,
            Self {
                folders: outlet.folders,
                chain: chain.expect("what was taken apart is put together again"),
            },
        ))
    }
}

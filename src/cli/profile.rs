//! Profiles: what a release promises and counts, by one name.

use clap::ValueEnum;
use hushlog::{
    error::{Error, Result},
    privacy::{Senders, UrlSettings},
    release::noise::{DELTA, Spending, epsilon},
};

/// A choice of settings that belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Profile {
    /// Visits and pages, no row of fewer than 10 networks
    #[default]
    Default,
    /// The same, no row of fewer than 20 networks and no page below two levels
    Strict,
    /// The same behind noise that hides what any one address does on a day
    Dp,
    /// Requests, pageviews, pages and statuses only: no visitor is ever told from another
    CountsOnly,
}

/// What protects those whom a release is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Privacy {
    /// The threshold.
    K,
    /// Noise.
    Dp,
}

/// What a profile sets, and how far other settings may go.
///
/// A profile is this and nothing else: one more is one more variant, and its settings.
pub(super) struct ProfileSettings {
    /// Networks behind a row, unless `--k` says otherwise.
    pub(super) k: usize,
    /// Fewest networks that `--k` may ask for.
    pub(super) least_k: usize,
    /// Levels of a path that pages show at most.
    pub(super) path_levels: usize,
    /// Whom requests are told apart by.
    pub(super) senders: Senders,
    /// What protects, unless `--privacy` says otherwise.
    privacy: Privacy,
}

impl Profile {
    pub(super) fn settings(self) -> ProfileSettings {
        let default = ProfileSettings {
            k: 10,
            least_k: 5,
            path_levels: UrlSettings::default().path_levels,
            senders: Senders::Visitors,
            privacy: Privacy::K,
        };
        match self {
            Self::Default => default,
            Self::Dp => ProfileSettings {
                privacy: Privacy::Dp,
                ..default
            },
            Self::Strict => ProfileSettings {
                k: 20,
                least_k: 20,
                path_levels: 2,
                ..default
            },
            Self::CountsOnly => ProfileSettings {
                senders: Senders::Networks,
                ..default
            },
        }
    }

    /// Its name on the command line and in manifests.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Strict => "strict",
            Self::Dp => "dp",
            Self::CountsOnly => "counts-only",
        }
    }

    /// The threshold, which must keep what the profile promises.
    pub(super) fn k(self, wanted: Option<usize>) -> Result<usize> {
        let ProfileSettings { k, least_k, .. } = self.settings();
        match wanted {
            Some(wanted) if wanted < least_k => Err(Error::Refused(match self {
                Self::Default | Self::Dp | Self::CountsOnly => format!(
                    "--k {wanted}: fewer than {least_k} networks protect nobody; choose {least_k} or more"
                ),
                Self::Strict => format!(
                    "--k {wanted}: the profile strict promises {least_k} networks behind each row; choose \
                     {least_k} or more, or another profile"
                ),
            })),
            Some(wanted) => Ok(wanted),
            None => Ok(k),
        }
    }

    /// What protects, which must be what the profile promises; any will do where none was chosen.
    pub(super) fn privacy(self, wanted: Option<Privacy>) -> Result<Privacy> {
        let own = self.settings().privacy;
        match wanted {
            Some(wanted) if wanted == own || self == Self::Default => Ok(wanted),
            Some(_) => Err(Error::Refused(format!(
                "--privacy: the profile {} promises {}; leave it out, or choose another profile",
                self.name(),
                match own {
                    Privacy::K => "a threshold, which noise does not keep",
                    Privacy::Dp => "noise",
                }
            ))),
            None => Ok(own),
        }
    }

    /// Makes sure that what is asked for can be told under the profile.
    pub(super) fn permits(self, goals: &[String]) -> Result<()> {
        if self.settings().senders.are_visitors() || goals.is_empty() {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "--goal: a goal is reached once a visit, and the profile {} knows no visits; leave it out, or \
             choose another profile",
            self.name()
        )))
    }

    /// What it means with the given threshold, or what noise spends, in plain words.
    pub(super) fn meaning(self, k: usize, spending: Option<Spending>) -> Vec<String> {
        let ProfileSettings {
            path_levels,
            senders,
            ..
        } = self.settings();
        let mut meaning = vec![match spending {
            Some(Spending { a_day, .. }) => format!(
                "every number has noise, which hides what one address does on one day (\u{3b5} {:.2} at \u{3b4} \
                 {DELTA:e}); names that the log alone knows need many addresses",
                epsilon(a_day.real(), 1)
            ),
            None => format!("no row describes fewer than {k} networks, known crawlers apart"),
        }];
        if path_levels < UrlSettings::default().path_levels {
            meaning.push(format!(
                "pages are named by the first {path_levels} levels of their path; what lies deeper is one \
                 page, /{{…}}"
            ));
        }
        meaning.push(
            match senders {
                Senders::Visitors => {
                    "visitors are told apart within a day, under a key that nobody keeps, to count visits"
                }
                Senders::Networks => {
                    "no visitor is ever told from another: requests, pageviews, pages and statuses are \
                     counted, and no visits, referrers, campaigns, regions, browsers or systems. Client \
                     addresses are still reduced to networks in memory, as the threshold counts these"
                }
            }
            .to_owned(),
        );
        meaning
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_that_would_break_a_promise_is_refused() {
        for (profile, wanted, expected) in [
            (Profile::Default, None, Some(10)),
            (Profile::Default, Some(5), Some(5)),
            (Profile::Default, Some(4), None),
            (Profile::Strict, None, Some(20)),
            (Profile::Strict, Some(19), None),
            (Profile::Strict, Some(30), Some(30)),
            (Profile::CountsOnly, None, Some(10)),
            (Profile::CountsOnly, Some(4), None),
        ] {
            let k = profile.k(wanted);
            assert_eq!(k.as_ref().ok(), expected.as_ref(), "{profile:?} {wanted:?}");
            assert!(expected.is_some() || matches!(k, Err(Error::Refused(_))));
        }
    }

    #[test]
    fn what_a_profile_promises_protects() {
        for (profile, wanted, expected) in [
            (Profile::Default, None, Some(Privacy::K)),
            (Profile::Default, Some(Privacy::Dp), Some(Privacy::Dp)),
            (Profile::Dp, None, Some(Privacy::Dp)),
            (Profile::Dp, Some(Privacy::K), None),
            (Profile::Strict, None, Some(Privacy::K)),
            (Profile::Strict, Some(Privacy::Dp), None),
            (Profile::CountsOnly, Some(Privacy::Dp), None),
        ] {
            let privacy = profile.privacy(wanted);
            assert_eq!(privacy.ok(), expected, "{profile:?} {wanted:?}");
        }
    }

    #[test]
    fn goals_need_visits() {
        let goals = ["order=/thanks".to_owned()];
        assert!(Profile::Strict.permits(&goals).is_ok());
        assert!(Profile::CountsOnly.permits(&[]).is_ok());
        assert!(Profile::CountsOnly.permits(&goals).is_err());
    }

    #[test]
    fn names_are_those_of_the_command_line() {
        for profile in Profile::value_variants() {
            let value = profile.to_possible_value().expect("a value");
            assert_eq!(value.get_name(), profile.name());
        }
    }
}

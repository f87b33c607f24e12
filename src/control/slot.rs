//! The life of a slot and of the patch that comes into it: pure functions, tested as tables.
use crate::graph::prime::Check;

/// What a slot is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SlotState {
    #[default]
    Empty,
    /// Its ring does not yet reach the callback's frame.
    Filling,
    Primed,
    Live,
    /// Share of the fade that is done, in percent; towards live where `rising`.
    Fading {
        percent: u8,
        rising: bool,
    },
    Failed(String),
}

/// What happens to a slot.
#[derive(Clone, Debug, PartialEq)]
pub enum SlotEvent {
    /// A verified graph was handed to its engine.
    Loaded,
    /// Its ring holds the newest generation at the callback's frame.
    Reached,
    /// It is unheard and its ring no longer reaches the callback's frame.
    FellBehind,
    /// It is what is heard, without a fade: the first patch, or sound again after silence.
    Heard,
    /// The callback fades: towards this slot where `rising`.
    FadeStarted {
        rising: bool,
    },
    FadeAt {
        percent: u8,
    },
    FadeDone,
    Failed(String),
    /// Its graph was taken away.
    Cleared,
}

impl SlotState {
    /// What the slot is after an event. An event that can't happen in a state leaves it as it is.
    #[must_use]
    pub fn next(self, event: &SlotEvent) -> Self {
        use SlotEvent as E;
        match (self, event) {
            (_, E::Failed(why)) => Self::Failed(why.clone()),
            (_, E::Cleared) => Self::Empty,
            // A patch under the ear is never exchanged in place.
            (s @ (Self::Live | Self::Fading { .. }), E::Loaded) => s,
            (_, E::Loaded) => Self::Filling,
            (Self::Filling, E::Reached) => Self::Primed,
            (Self::Primed, E::FellBehind) => Self::Filling,
            (Self::Filling | Self::Primed, E::Heard) => Self::Live,
            (Self::Filling | Self::Primed, E::FadeStarted { rising: true }) => Self::Fading {
                percent: 0,
                rising: true,
            },
            (Self::Live, E::FadeStarted { rising: false }) => Self::Fading {
                percent: 0,
                rising: false,
            },
            // A failover in the middle of a planned fade turns it round.
            (Self::Fading { rising, .. }, E::FadeStarted { rising: to }) if rising != *to => {
                Self::Fading {
                    percent: 0,
                    rising: *to,
                }
            }
            (Self::Fading { rising, percent }, E::FadeAt { percent: at }) => Self::Fading {
                percent: percent.max((*at).min(100)),
                rising,
            },
            (Self::Fading { rising: true, .. }, E::FadeDone) => Self::Live,
            (Self::Fading { rising: false, .. }, E::FadeDone) => Self::Primed,
            (state, _) => state,
        }
    }

    /// Its sound reaches the ear, at least in part.
    pub fn is_heard(&self) -> bool {
        matches!(self, Self::Live | Self::Fading { .. })
    }

    /// As on the screen and in telemetry.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Filling => "Filling",
            Self::Primed => "Primed",
            Self::Live => "Live",
            Self::Fading { .. } => "Fading",
            Self::Failed(_) => "Failed",
        }
    }
}

/// The patch on its way into the standby, beside what the slot holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    Building,
    Priming { done: u8 },
    Verified,
    Refused { check: Check, why: String },
}

/// What happens to a patch on its way.
#[derive(Clone, Debug, PartialEq)]
pub enum IncomingEvent {
    /// A build was asked for.
    Asked,
    /// This many eighths of the priming are done.
    Rendered(u8),
    Verified,
    /// The engine has taken it.
    Taken,
    Refused {
        check: Check,
        why: String,
    },
    /// The text did not parse, or another build took its place.
    Dropped,
}

impl Incoming {
    #[must_use]
    pub fn next(incoming: Option<Self>, event: &IncomingEvent) -> Option<Self> {
        use IncomingEvent as E;
        match (incoming, event) {
            (_, E::Asked) => Some(Self::Building),
            (Some(Self::Building | Self::Priming { .. }), E::Rendered(done)) => {
                Some(Self::Priming {
                    done: (*done).min(8),
                })
            }
            (Some(Self::Building | Self::Priming { .. }), E::Verified) => Some(Self::Verified),
            (Some(Self::Building | Self::Priming { .. }), E::Refused { check, why }) => {
                Some(Self::Refused {
                    check: *check,
                    why: why.clone(),
                })
            }
            (Some(Self::Verified), E::Taken) => None,
            // What was refused stays on the screen until something else comes.
            (Some(Self::Building | Self::Priming { .. } | Self::Verified), E::Dropped) => None,
            (incoming, _) => incoming,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SlotEvent as E;
    use SlotState as S;

    const UP: S = S::Fading {
        percent: 30,
        rising: true,
    };
    const DOWN: S = S::Fading {
        percent: 30,
        rising: false,
    };

    fn start(rising: bool) -> S {
        S::Fading { percent: 0, rising }
    }

    #[test]
    fn the_table_of_states() {
        let failed = || S::Failed("x".into());
        let (up, down) = (
            E::FadeStarted { rising: true },
            E::FadeStarted { rising: false },
        );
        // Rows: state, then the state after each event of the columns.
        let columns = [
            E::Loaded,
            E::Reached,
            E::FellBehind,
            E::Heard,
            up,
            down,
            E::FadeDone,
        ];
        #[rustfmt::skip]
        let rows = [
            //           Loaded      Reached    FellBehind  Heard      up           down          done
            (S::Empty,   [S::Filling, S::Empty,  S::Empty,   S::Empty,  S::Empty,    S::Empty,     S::Empty]),
            (S::Filling, [S::Filling, S::Primed, S::Filling, S::Live,   start(true), S::Filling,   S::Filling]),
            (S::Primed,  [S::Filling, S::Primed, S::Filling, S::Live,   start(true), S::Primed,    S::Primed]),
            (S::Live,    [S::Live,    S::Live,   S::Live,    S::Live,   S::Live,     start(false), S::Live]),
            (UP,         [UP,         UP,        UP,         UP,        UP,          start(false), S::Live]),
            (DOWN,       [DOWN,       DOWN,      DOWN,       DOWN,      start(true), DOWN,         S::Primed]),
            (failed(),   [S::Filling, failed(),  failed(),   failed(),  failed(),    failed(),     failed()]),
        ];
        for (state, after) in rows {
            for (event, expected) in columns.iter().zip(after) {
                assert_eq!(state.clone().next(event), expected, "{state:?} {event:?}");
            }
            assert_eq!(state.clone().next(&E::Failed("x".into())), failed());
            assert_eq!(state.next(&E::Cleared), S::Empty);
        }
    }

    #[test]
    fn a_fade_only_goes_forward() {
        assert_eq!(UP.next(&E::FadeAt { percent: 20 }), UP);
        assert_eq!(
            UP.next(&E::FadeAt { percent: 140 }),
            S::Fading {
                percent: 100,
                rising: true
            }
        );
        assert_eq!(S::Live.next(&E::FadeAt { percent: 5 }), S::Live);
    }

    #[test]
    fn the_table_of_incoming_patches() {
        use Incoming as I;
        use IncomingEvent as V;
        let refused = || I::Refused {
            check: Check::Silent,
            why: "x".into(),
        };
        let refuse = || V::Refused {
            check: Check::Silent,
            why: "x".into(),
        };
        let columns = [
            V::Asked,
            V::Rendered(3),
            V::Verified,
            V::Taken,
            refuse(),
            V::Dropped,
        ];
        let b = || Some(I::Building);
        let p = |done| Some(I::Priming { done });
        let (v, r) = (|| Some(I::Verified), || Some(refused()));
        #[rustfmt::skip]
        let rows = [
            //      Asked  Rendered(3) Verified  Taken  Refused  Dropped
            (None,  [b(),  None,       None,     None,  None,    None]),
            (b(),   [b(),  p(3),       v(),      b(),   r(),     None]),
            (p(2),  [b(),  p(3),       v(),      p(2),  r(),     None]),
            (v(),   [b(),  v(),        v(),      None,  v(),     None]),
            (r(),   [b(),  r(),        r(),      r(),   r(),     r()]),
        ];
        for (incoming, after) in rows {
            for (event, expected) in columns.iter().zip(after) {
                assert_eq!(
                    I::next(incoming.clone(), event),
                    expected,
                    "{incoming:?} {event:?}"
                );
            }
        }
    }
}

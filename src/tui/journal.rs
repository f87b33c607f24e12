//! What happened, newest last, for the events panel and the Log screen.
use std::collections::VecDeque;

use crate::control::event::{Event, What};

use super::fuzzy;
use super::theme::Role;

/// Events kept; older ones go.
const KEPT: usize = 2_000;

#[derive(Default)]
pub struct Journal {
    events: VecDeque<Event>,
    /// Rows that the Log screen is scrolled back from the newest.
    pub back: usize,
    pub filter: String,
}

impl Journal {
    pub fn push(&mut self, event: Event) {
        if self.events.len() == KEPT {
            self.events.pop_front();
        }
        // A knob turned on and on is one line.
        if let Some(last) = self.events.back_mut()
            && same_knob(&last.what, &event.what)
        {
            *last = event;
            return;
        }
        self.events.push_back(event);
        if self.back > 0 {
            self.back += 1;
        }
    }

    /// Newest first, through the filter.
    pub fn newest(&self) -> impl Iterator<Item = &Event> {
        let matches = |event: &&Event| {
            self.filter.is_empty() || fuzzy::score(&self.filter, &event.sentence).is_some()
        };
        self.events.iter().rev().filter(matches)
    }

    pub fn last(&self) -> Option<&Event> {
        self.events.back()
    }

    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Towards the past by `rows`, towards the present where negative.
    pub fn scroll(&mut self, rows: isize) {
        let most = self.newest().count().saturating_sub(1);
        self.back = self.back.saturating_add_signed(rows).min(most);
    }
}

fn same_knob(a: &What, b: &What) -> bool {
    match (a, b) {
        (
            What::Param { module, param, .. },
            What::Param {
                module: m,
                param: p,
                ..
            },
        ) => module == m && param == p,
        _ => false,
    }
}

/// The colour of an event.
pub fn role(what: &What) -> Role {
    match what {
        What::Failed { .. } | What::Refused { .. } | What::DeviceLost { .. } => Role::Failed,
        What::InputLost { .. } => Role::Failed,
        What::Failover { .. } | What::RecordFailed { .. } => Role::Failed,
        What::Primed { .. } | What::Armed { .. } => Role::Primed,
        What::Swapped { .. } | What::DeviceBack { .. } | What::Rebuilt { .. } => Role::Live,
        What::Listening { .. } => Role::Live,
        What::Panic { on: true } => Role::Failed,
        What::Building { .. } => Role::Busy,
        _ => Role::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(param: &str, to: &str) -> Event {
        Event {
            what: What::Param {
                module: "vcf".into(),
                param: param.into(),
                from: "1".into(),
                to: to.into(),
            },
            sentence: format!("vcf.{param} {to}"),
            ..Event::default()
        }
    }

    #[test]
    fn what_was_lost_and_what_came_back_have_their_colours() {
        let (why, name) = (String::new(), String::new());
        assert_eq!(role(&What::InputLost { why: why.clone() }), Role::Failed);
        assert_eq!(role(&What::DeviceLost { why }), Role::Failed);
        assert_eq!(role(&What::Listening { name: name.clone() }), Role::Live);
        assert_eq!(role(&What::DeviceBack { name }), Role::Live);
        assert_eq!(role(&What::Warning), Role::Text);
    }

    #[test]
    fn turning_one_knob_is_one_line() {
        let mut journal = Journal::default();
        for to in ["2", "3", "4"] {
            journal.push(turn("cutoff", to));
        }
        journal.push(turn("res", "9"));
        let lines: Vec<_> = journal.newest().map(|e| e.sentence.as_str()).collect();
        assert_eq!(lines, ["vcf.res 9", "vcf.cutoff 4"]);
    }

    #[test]
    fn old_events_go_and_the_view_stays_where_it_was() {
        let mut journal = Journal::default();
        for n in 0..KEPT + 10 {
            journal.push(Event {
                sentence: n.to_string(),
                ..Event::default()
            });
        }
        assert_eq!(journal.len(), KEPT);
        journal.scroll(5);
        journal.push(Event::default());
        assert_eq!(journal.back, 6);
        journal.scroll(isize::MIN / 2);
        assert_eq!(journal.back, 0);
    }
}

//! The amounts that one use of a group gives the group's own cables: `bell(cables: ["mod > car.fm * 0.5"])`.
use std::collections::BTreeMap;

use super::cable_names::{report, report_port};
use super::chain::{End, parse_chain};
use super::diagnostic::Fix;
use super::names::{list, nearest};
use super::quoted::Quoted;
use super::read::{Source as Reading, describe, is_bad};
use super::spans::CableSpans;
use super::tree::{Shape, Value};
use super::value::parse_amount;
use super::{Patch, Source, Target, ports};

/// What a use calls the list of them, unless a module of the group is called so.
pub const CABLES: &str = "cables";

/// One cable's amount in one use, and where it is written.
pub struct Own {
    pub amount: f32,
    pub spans: CableSpans,
}

/// Reads such a list; by the index of the cable in the group. Of two for one cable the later counts.
pub fn read_own(
    value: &Value,
    group: &str,
    body: &Patch,
    source: &mut Reading,
) -> BTreeMap<usize, Own> {
    let mut own = BTreeMap::new();
    let Shape::List(items) = &value.shape else {
        if !is_bad(value) {
            let shown = describe(source, value);
            let message = format!(
                "`cables` of a use takes a list such as [\"mod > car.fm * 0.5\"], not {shown}"
            );
            source.findings.error(value.span.clone(), message);
        }
        return own;
    };
    for item in items {
        match &item.shape {
            Shape::Text(quoted) => {
                let mut reader = Reader {
                    quoted,
                    group,
                    body,
                    own: &mut own,
                    source,
                };
                reader.text();
            }
            Shape::Bad => {}
            _ => {
                let shown = describe(source, item);
                let message = format!("a cable is a text in quotes, \"osc > vca\", not {shown}");
                source.findings.error(item.span.clone(), message);
            }
        }
    }
    own
}

struct Reader<'r, 's, 't, 'f> {
    quoted: &'r Quoted,
    group: &'r str,
    body: &'r Patch,
    own: &'r mut BTreeMap<usize, Own>,
    source: &'r mut Reading<'s, 't, 'f>,
}

impl Reader<'_, '_, '_, '_> {
    fn text(&mut self) {
        let quoted = self.quoted;
        let chain = match parse_chain(&quoted.text) {
            Ok(chain) => chain,
            Err(mistake) => return report(&mistake, quoted, self.source),
        };
        for (hop, stages) in chain.stages.windows(2).enumerate() {
            for to_end in &stages[1] {
                let Some((to, amount)) = self.to(to_end) else {
                    continue;
                };
                for from_end in &stages[0] {
                    let Some(from) = self.from(from_end, hop == 0) else {
                        continue;
                    };
                    let spans = CableSpans {
                        from: quoted.span(from_end.span()),
                        arrow: quoted.span(chain.arrows[hop].span.clone()),
                        to: quoted.span(to_end.span()),
                        amount: to_end.amount.clone().map(|a| quoted.span(a)),
                    };
                    self.give(from, to, Own { amount, spans });
                }
            }
        }
    }

    fn give(&mut self, from: Source, to: Target, own: Own) {
        let cables = self.body.cables.iter().enumerate();
        let same = cables.filter(|(_, c)| (c.from, c.to) == (from, to));
        let same: Vec<usize> = same.map(|(index, _)| index).collect();
        if same.is_empty() {
            let text = self.source.text;
            let (from, to) = (&text[own.spans.from.clone()], &text[own.spans.to.clone()]);
            let message = format!(
                "the group `{}` has no cable {from} > {to}; a use gives amounts to cables that are there",
                self.group
            );
            let span = own.spans.from.start..own.spans.to.end;
            return self.source.findings.error(span, message);
        }
        for index in same {
            let (amount, spans) = (own.amount, own.spans.clone());
            self.own.insert(index, Own { amount, spans });
        }
    }

    fn node(&mut self, end: &End) -> Option<usize> {
        let name = &self.quoted.text[end.module.clone()];
        if let Some(node) = self.body.node(name) {
            return Some(node);
        }
        let names = || self.body.modules.iter().map(|m| m.name.as_str());
        let span = self.quoted.span(end.module.clone());
        let near = nearest(name, names());
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has {}", list(names())),
        };
        let fix = near.map(|near| Fix::replace(span.clone(), near));
        let message = format!("the group `{}` has no module `{name}`; {hint}", self.group);
        self.source.findings.fixable(span, message, fix);
        None
    }

    /// In the middle of a chain a port is where the signal enters.
    fn from(&mut self, end: &End, first: bool) -> Option<Source> {
        let node = self.node(end)?;
        let module = &self.body.modules[node];
        let port = end.port.as_ref().filter(|_| first);
        let port = port.map(|port| &self.quoted.text[port.clone()]);
        match ports::output(&module.name, module.spec, port) {
            Ok(port) => Some(Source { node, port }),
            Err(error) => {
                report_port(error, end, self.quoted, self.source);
                None
            }
        }
    }

    fn to(&mut self, end: &End) -> Option<(Target, f32)> {
        let node = self.node(end)?;
        let module = &self.body.modules[node];
        let port = end.port.as_ref();
        let port = port.map(|port| &self.quoted.text[port.clone()]);
        let input = match ports::input(&module.name, module.spec, port) {
            Ok(input) => input,
            Err(error) => {
                report_port(error, end, self.quoted, self.source);
                return None;
            }
        };
        let into = ports::amount_in(module, input);
        let amount = match &end.amount {
            None => 1.0,
            Some(span) => match parse_amount(into, &self.quoted.text[span.clone()]) {
                Ok(amount) => amount,
                Err(error) => {
                    let span = self.quoted.span(span.clone());
                    self.source.findings.error(span, error.why);
                    return None;
                }
            },
        };
        Some((Target { node, input }, amount))
    }
}

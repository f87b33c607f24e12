//! The `cables` of a patch text: chains of names become cables between ports.
use std::ops::Range;

use super::cable_names::{find, report, report_port};
use super::chain::{Arrow, Chain, End, parse_chain};
use super::group::{Groups, IN, Instance, OUT};
use super::group_ports::{InSide, OutSide, Ports};
use super::modules_text::{Means, Names};
use super::ports;
use super::quoted::Quoted;
use super::read::{Draft, Source, describe, is_bad};
use super::spans::CableSpans;
use super::tree::{Shape, Value};
use super::value::{AmountIn, parse_amount};
use super::{Cable, Patch, Target};
use crate::modules::spec::Signal;

/// Reads the cables of a patch; a use of a group stands for what it is inside.
pub fn read_cables(
    value: &Value,
    names: &Names,
    groups: &Groups,
    draft: &mut Draft,
    source: &mut Source,
) {
    read_list(value, names, Inside::Patch(groups), draft, source);
}

/// Reads the cables of a group, where `in` and `out` are the group's own.
pub fn read_group_cables(
    value: &Value,
    names: &Names,
    draft: &mut Draft,
    ports: &mut Ports,
    source: &mut Source,
) {
    read_list(value, names, Inside::Group(ports), draft, source);
}

fn read_list(
    value: &Value,
    names: &Names,
    mut inside: Inside,
    draft: &mut Draft,
    source: &mut Source,
) {
    let Shape::List(items) = &value.shape else {
        if !is_bad(value) {
            let shown = describe(source, value);
            let message = format!("`cables` takes a list such as [\"osc > out\"], not {shown}");
            source.findings.error(value.span.clone(), message);
        }
        return;
    };
    for item in items {
        if source.findings.full() {
            return;
        }
        match &item.shape {
            Shape::Text(quoted) => {
                let mut reader = CableReader {
                    quoted,
                    names,
                    inside: &mut inside,
                    draft,
                    source,
                };
                match parse_chain(&quoted.text) {
                    Ok(chain) => reader.chain(&chain),
                    Err(mistake) => report(&mistake, quoted, source),
                }
            }
            Shape::Bad => {}
            _ => {
                let shown = describe(source, item);
                let message = format!("a cable is a text in quotes, \"osc > out\", not {shown}");
                source.findings.error(item.span.clone(), message);
            }
        }
    }
}

/// Whose cables are read.
enum Inside<'g> {
    Patch(&'g Groups),
    Group(&'g mut Ports),
}

struct CableReader<'r, 'g, 'n, 's, 't, 'f> {
    quoted: &'r Quoted,
    names: &'r Names<'n>,
    inside: &'r mut Inside<'g>,
    draft: &'r mut Draft,
    source: &'r mut Source<'s, 't, 'f>,
}

impl CableReader<'_, '_, '_, '_, '_, '_> {
    fn chain(&mut self, chain: &Chain) {
        // Each end is looked up once, so that a mistake is told once, however many cables meet there.
        let last = chain.stages.len() - 1;
        let mut froms: Vec<(From, &End)> = Vec::new();
        for (at, stage) in chain.stages.iter().enumerate() {
            let mut tos = Vec::new();
            let mut next = Vec::new();
            for end in stage {
                if self.own_port(end, at, last, &mut next, &mut tos) {
                    continue;
                }
                let (text, quoted) = (&self.quoted.text, self.quoted);
                let Some(means) = find(text, &end.module, quoted, self.names, self.source) else {
                    continue;
                };
                if at > 0 {
                    let ends = self.to(means, end);
                    tos.extend(ends.into_iter().map(|to| (to, end)));
                }
                if at < last {
                    // In the middle of a chain a port is where the signal enters.
                    let port = if at == 0 { end.port.as_ref() } else { None };
                    let ends = self.from(means, end, port);
                    next.extend(ends.into_iter().map(|from| (from, end)));
                }
            }
            if let Some(arrow) = at.checked_sub(1).and_then(|at| chain.arrows.get(at)) {
                self.hop(&froms, arrow, &tos);
            }
            froms = next;
        }
    }

    /// In a group `in` begins chains and `out` ends them; true where the end was one of these.
    fn own_port<'e>(
        &mut self,
        end: &'e End,
        at: usize,
        last: usize,
        froms: &mut Vec<(From, &'e End)>,
        tos: &mut Vec<(To, &'e End)>,
    ) -> bool {
        let text = &self.quoted.text;
        let word = &text[end.module.clone()];
        if matches!(self.inside, Inside::Patch(_)) || ![IN, OUT].contains(&word) {
            return false;
        }
        let port = end.port.as_ref().map_or(word, |port| &text[port.clone()]);
        match (word, at) {
            (IN, 0) => froms.push((From::In(port.to_owned()), end)),
            (OUT, at) if at > 0 && at == last => {
                let factor = self.amount(AmountIn::Port(Signal::Audio), end);
                let port = port.to_owned();
                tos.extend(factor.map(|factor| (To::Out { port, factor }, end)));
            }
            _ => {
                let message = match word {
                    IN => "`in` is what comes into the group; it begins a cable",
                    _ => "`out` is what leaves the group; it ends a cable",
                };
                let span = self.quoted.span(end.span());
                self.source.findings.error(span, message);
            }
        }
        true
    }

    fn from(&mut self, means: Means, end: &End, port: Option<&Range<usize>>) -> Vec<From> {
        let port = port.map(|port| &self.quoted.text[port.clone()]);
        let node = match means {
            Means::Unknown => return Vec::new(),
            Means::Node(node) => node,
            Means::Group(instance) => {
                let Inside::Patch(groups) = &self.inside else {
                    return Vec::new();
                };
                let name = &self.quoted.text[end.module.clone()];
                return match groups.ports(instance).outputs(name, port) {
                    Ok(sources) => sources.iter().map(|s| s.shifted(instance.first)).collect(),
                    Err(why) => {
                        let span = self.quoted.span(end.span());
                        self.source.findings.error(span, why);
                        Vec::new()
                    }
                };
            }
        };
        let module = &self.draft.patch.modules[node];
        match ports::output(&module.name, module.spec, port) {
            Ok(port) => vec![From::Output(OutSide {
                source: super::Source { node, port },
                factor: 1.0,
                feedback: false,
            })],
            Err(error) => {
                report_port(error, end, self.quoted, self.source);
                Vec::new()
            }
        }
    }

    fn to(&mut self, means: Means, end: &End) -> Vec<To> {
        let text = &self.quoted.text;
        let port = end.port.as_ref().map(|port| &text[port.clone()]);
        let node = match means {
            Means::Unknown => return Vec::new(),
            Means::Node(node) => node,
            Means::Group(instance) => return self.group_input(instance, end, port),
        };
        let module = &self.draft.patch.modules[node];
        let input = match ports::input(&module.name, module.spec, port) {
            Ok(input) => input,
            Err(error) => {
                report_port(error, end, self.quoted, self.source);
                return Vec::new();
            }
        };
        let target = Target { node, input };
        let amount = self.amount(ports::amount_in(module, input), end);
        let written = end.amount.is_some();
        let to = amount.map(|amount| {
            To::Input(InSide {
                target,
                amount,
                written,
                feedback: false,
            })
        });
        to.into_iter().collect()
    }

    fn group_input(&mut self, instance: Instance, end: &End, port: Option<&str>) -> Vec<To> {
        let Inside::Patch(groups) = &self.inside else {
            return Vec::new();
        };
        let name = &self.quoted.text[end.module.clone()];
        let targets = match groups.ports(instance).inputs(name, port) {
            Ok(targets) => targets,
            Err(why) => {
                let span = self.quoted.span(end.span());
                self.source.findings.error(span, why);
                return Vec::new();
            }
        };
        let mut tos = Vec::new();
        for inner in targets {
            let mut to = *inner;
            to.target.node += instance.first;
            if end.amount.is_some() {
                let module = &self.draft.patch.modules[to.target.node];
                // Where the group says how much 1 is, the outer amount is a share of it.
                let into = match to.written {
                    true => AmountIn::Port(Signal::Audio),
                    false => ports::amount_in(module, to.target.input),
                };
                let Some(amount) = self.amount(into, end) else {
                    return Vec::new();
                };
                to.amount *= amount;
            }
            tos.push(To::Input(to));
        }
        tos
    }

    /// The amount behind an end; 1 where none is written.
    fn amount(&mut self, into: AmountIn, end: &End) -> Option<f32> {
        let Some(span) = &end.amount else {
            return Some(1.0);
        };
        match parse_amount(into, &self.quoted.text[span.clone()]) {
            Ok(amount) => Some(amount),
            Err(error) => {
                let span = self.quoted.span(span.clone());
                self.source.findings.error(span, error.why);
                None
            }
        }
    }

    fn hop(&mut self, froms: &[(From, &End)], arrow: &Arrow, tos: &[(To, &End)]) {
        for (to, to_end) in tos {
            for (from, from_end) in froms {
                match (from, to, &mut *self.inside) {
                    (From::Output(from), To::Input(to), _) => {
                        self.draft.spans.cables.push(CableSpans {
                            from: self.quoted.span(from_end.span()),
                            arrow: self.quoted.span(arrow.span.clone()),
                            to: self.quoted.span(to_end.span()),
                            amount: to_end.amount.clone().map(|a| self.quoted.span(a)),
                        });
                        self.draft.patch.cables.push(Cable {
                            from: from.source,
                            to: to.target,
                            amount: to.amount * from.factor,
                            feedback: arrow.feedback || from.feedback || to.feedback,
                        });
                    }
                    (From::In(port), To::Input(to), Inside::Group(ports)) => {
                        let feedback = arrow.feedback;
                        ports.add_input(port, InSide { feedback, ..*to });
                    }
                    (From::Output(from), To::Out { port, factor }, Inside::Group(ports)) => {
                        let side = OutSide {
                            source: from.source,
                            factor: *factor,
                            feedback: arrow.feedback,
                        };
                        ports.add_output(port, side);
                    }
                    _ => {
                        let span = self.quoted.span(arrow.span.clone());
                        let message = "a cable from `in` to `out` passes the group by";
                        self.source.findings.error(span, message);
                    }
                }
            }
        }
    }
}

/// Where a hop begins.
enum From {
    Output(OutSide),
    /// What comes into the group.
    In(String),
}

/// Where a hop ends.
enum To {
    Input(InSide),
    /// What leaves the group.
    Out {
        port: String,
        factor: f32,
    },
}

impl OutSide {
    fn shifted(&self, first: usize) -> From {
        let mut side = *self;
        side.source.node += first;
        From::Output(side)
    }
}

/// The end of a cable in words: "vcf.cutoff".
pub fn target_text(patch: &Patch, to: Target) -> String {
    let node = &patch.modules[to.node];
    format!("{}.{}", node.name, ports::input_name(node.spec, to.input))
}

//! The `cables` of a patch text: chains of names become cables between ports.
use std::ops::Range;

use super::chain::{Arrow, Chain, End, Mistake, parse_chain};
use super::diagnostic::Fix;
use super::ports::{self, PortError};
use super::quoted::Quoted;
use super::read::{Draft, Names, Source, describe, is_bad};
use super::spans::CableSpans;
use super::tree::{Shape, Value};
use super::value::parse_amount;
use super::{Cable, Patch, Target};

pub fn read_cables(value: &Value, names: &Names, draft: &mut Draft, source: &mut Source) {
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

/// Tells a mistake of a cable's or macro's text at its place in the file.
pub fn report(mistake: &Mistake, quoted: &Quoted, source: &mut Source) {
    let span = quoted.span(mistake.span.clone());
    let fix = mistake.instead.map(|text| Fix::replace(span.clone(), text));
    source.findings.fixable(span, mistake.why.clone(), fix);
}

/// The module that an end names; what is wrong is told.
pub fn find_node(
    text: &str,
    module: &Range<usize>,
    quoted: &Quoted,
    names: &Names,
    source: &mut Source,
) -> Option<usize> {
    let name = &text[module.clone()];
    if let Some(named) = names.get(name) {
        return named.node;
    }
    let span = quoted.span(module.clone());
    let near = names.nearest(name);
    let message = match near {
        Some(near) => format!("no module `{name}`; did you mean `{near}`?"),
        None => format!("no module `{name}`"),
    };
    let fix = near.map(|near| Fix::replace(span.clone(), near));
    source.findings.fixable(span, message, fix);
    None
}

/// Tells that a module has no such port, where its end stands.
pub fn report_port(error: PortError, end: &End, quoted: &Quoted, source: &mut Source) {
    let port = end.port.as_ref();
    let fix = error.meant.zip(port).map(|(meant, port)| Fix {
        span: quoted.span(port.clone()),
        text: meant.to_owned(),
    });
    let span = quoted.span(end.span());
    source.findings.fixable(span, error.why, fix);
}

struct CableReader<'r, 'n, 's, 't, 'f> {
    quoted: &'r Quoted,
    names: &'r Names<'n>,
    draft: &'r mut Draft,
    source: &'r mut Source<'s, 't, 'f>,
}

impl CableReader<'_, '_, '_, '_, '_> {
    fn chain(&mut self, chain: &Chain) {
        // Each end is looked up once, so that a mistake is told once, however many cables meet there.
        let last = chain.stages.len() - 1;
        let mut froms: Vec<(super::Source, &End)> = Vec::new();
        for (at, stage) in chain.stages.iter().enumerate() {
            let mut tos = Vec::new();
            let mut next = Vec::new();
            for end in stage {
                let text = &self.quoted.text;
                let (quoted, names) = (self.quoted, self.names);
                let Some(node) = find_node(text, &end.module, quoted, names, self.source) else {
                    continue;
                };
                if at > 0 {
                    tos.extend(self.to(node, end).map(|(to, amount)| (to, amount, end)));
                }
                if at < last {
                    // In the middle of a chain a port is where the signal enters.
                    let port = if at == 0 { end.port.as_ref() } else { None };
                    next.extend(self.from(node, end, port).map(|from| (from, end)));
                }
            }
            if let Some(arrow) = at.checked_sub(1).and_then(|at| chain.arrows.get(at)) {
                self.hop(&froms, arrow, &tos);
            }
            froms = next;
        }
    }

    fn from(
        &mut self,
        node: usize,
        end: &End,
        port: Option<&Range<usize>>,
    ) -> Option<super::Source> {
        let module = &self.draft.patch.modules[node];
        let port = port.map(|port| &self.quoted.text[port.clone()]);
        match ports::output(&module.name, module.spec, port) {
            Ok(port) => Some(super::Source { node, port }),
            Err(error) => {
                report_port(error, end, self.quoted, self.source);
                None
            }
        }
    }

    fn to(&mut self, node: usize, end: &End) -> Option<(Target, f32)> {
        let module = &self.draft.patch.modules[node];
        let text = &self.quoted.text;
        let port = end.port.as_ref().map(|port| &text[port.clone()]);
        let input = match ports::input(&module.name, module.spec, port) {
            Ok(input) => input,
            Err(error) => {
                report_port(error, end, self.quoted, self.source);
                return None;
            }
        };
        let Some(span) = &end.amount else {
            return Some((Target { node, input }, 1.0));
        };
        match parse_amount(ports::amount_in(module, input), &text[span.clone()]) {
            Ok(amount) => Some((Target { node, input }, amount)),
            Err(error) => {
                let span = self.quoted.span(span.clone());
                self.source.findings.error(span, error.why);
                None
            }
        }
    }

    fn hop(&mut self, froms: &[(super::Source, &End)], arrow: &Arrow, tos: &[(Target, f32, &End)]) {
        for &(to, amount, to_end) in tos {
            for &(from, from_end) in froms {
                let spans = CableSpans {
                    from: self.quoted.span(from_end.span()),
                    arrow: self.quoted.span(arrow.span.clone()),
                    to: self.quoted.span(to_end.span()),
                    amount: to_end.amount.clone().map(|a| self.quoted.span(a)),
                };
                self.draft.spans.cables.push(spans);
                self.draft.patch.cables.push(Cable {
                    from,
                    to,
                    amount,
                    feedback: arrow.feedback,
                });
            }
        }
    }
}

/// The end of a cable in words: "vcf.cutoff".
pub fn target_text(patch: &Patch, to: Target) -> String {
    let node = &patch.modules[to.node];
    format!("{}.{}", node.name, ports::input_name(node.spec, to.input))
}

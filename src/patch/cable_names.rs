//! The names in cables' and macros' texts: which module one means, and what to say of one that means none.
use std::ops::Range;

use super::chain::{End, Mistake};
use super::diagnostic::Fix;
use super::modules_text::{Means, Names};
use super::ports::PortError;
use super::quoted::Quoted;
use super::read::Source;

/// Tells a mistake of a cable's or macro's text at its place in the file.
pub fn report(mistake: &Mistake, quoted: &Quoted, source: &mut Source) {
    let span = quoted.span(mistake.span.clone());
    let fix = mistake.instead.map(|text| Fix::replace(span.clone(), text));
    source.findings.fixable(span, mistake.why.clone(), fix);
}

/// What an end's name means; what is wrong is told.
pub fn find(
    text: &str,
    module: &Range<usize>,
    quoted: &Quoted,
    names: &Names,
    source: &mut Source,
) -> Option<Means> {
    let name = &text[module.clone()];
    if let Some(means) = names.get(name) {
        return Some(means);
    }
    let span = quoted.span(module.clone());
    let near = names.nearest(name).map(str::to_owned);
    let message = match &near {
        Some(near) => format!("no module `{name}`; did you mean `{near}`?"),
        None => format!("no module `{name}`"),
    };
    let fix = near.map(|near| Fix::replace(span.clone(), near));
    source.findings.fixable(span, message, fix);
    None
}

/// The module that an end names, where a group's use won't do.
pub fn find_node(
    text: &str,
    module: &Range<usize>,
    quoted: &Quoted,
    names: &Names,
    source: &mut Source,
) -> Option<usize> {
    match find(text, module, quoted, names, source)? {
        Means::Node(node) => Some(node),
        Means::Unknown => None,
        Means::Group(_) => {
            let name = &text[module.clone()];
            let message =
                format!("`{name}` is a group; name one of its modules, such as `{name}_…`");
            source.findings.error(quoted.span(module.clone()), message);
            None
        }
    }
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

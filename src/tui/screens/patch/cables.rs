//! Cables by the row that they touch, and what they lead to: which feed a row, and which it feeds.
use crate::patch::{Cable, Patch, Source};

use super::rows::{Field, Row, field_of};

/// Whether a cable begins or ends at a field.
pub fn is_wired(patch: &Patch, node: usize, field: Field) -> bool {
    patch.cables.iter().any(|cable| touches(cable, node, field))
}

pub fn touches(cable: &Cable, node: usize, field: Field) -> bool {
    match field {
        Field::Out(port) => cable.from == Source { node, port },
        _ => cable.to.node == node && field_of(cable.to.input) == field,
    }
}

/// The cables of a row.
pub fn near(patch: &Patch, row: Row) -> Vec<Cable> {
    let at_row = |c: &&Cable| touches(c, row.node, row.field);
    patch.cables.iter().filter(at_row).copied().collect()
}

/// Which cables lead to the row, or from it on, by their places in the patch. From an output: what hears it; from an input: what
/// it hears and what it makes its module sound; from anything else: the module's, both ways.
pub fn traced(patch: &Patch, row: Row) -> Vec<bool> {
    let cables = &patch.cables;
    let mut traced = vec![false; cables.len()];
    let starts = |c: &Cable| match row.field {
        Field::Out(_) => touches(c, row.node, row.field),
        _ => c.from.node == row.node,
    };
    let ends = |c: &Cable| match row.field {
        Field::In(_) | Field::Param(_) => touches(c, row.node, row.field),
        _ => c.to.node == row.node,
    };
    let down = (0..cables.len()).filter(|i| starts(&cables[*i]));
    walk(patch, down.collect(), &mut traced, |here, next| {
        here.to.node == next.from.node
    });
    let up = (0..cables.len()).filter(|i| ends(&cables[*i]));
    let mut upward = vec![false; cables.len()];
    walk(patch, up.collect(), &mut upward, |here, next| {
        here.from.node == next.to.node
    });
    traced.iter().zip(&upward).map(|(d, u)| *d || *u).collect()
}

fn walk(
    patch: &Patch,
    mut open: Vec<usize>,
    seen: &mut [bool],
    goes_on: impl Fn(&Cable, &Cable) -> bool,
) {
    let cables = &patch.cables;
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        let next = (0..cables.len()).filter(|n| !seen[*n] && goes_on(&cables[at], &cables[*n]));
        open.extend(next);
    }
}

/// Whether a cable from one module to another would close a loop.
pub fn closes_loop(patch: &Patch, from: usize, to: usize) -> bool {
    let mut seen = vec![false; patch.modules.len()];
    let mut open = vec![to];
    while let Some(node) = open.pop() {
        if node == from {
            return true;
        }
        if std::mem::replace(&mut seen[node], true) {
            continue;
        }
        let leaving = patch
            .cables
            .iter()
            .filter(|c| c.from.node == node && !c.feedback);
        open.extend(leaving.map(|c| c.to.node));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::file::parse;
    use crate::tui::difference::cable;

    const TEXT: &str = r#"(modules: (
        a: Saw(), lfo: Lfo(), f: Svf(), v: Vca(gain: 1), d: Delay(), out: Out(),
    ), cables: ["a > f > v > out", "lfo > f.cutoff", "v > d > out"])"#;

    fn shown(node: &str, field: Field) -> Vec<String> {
        let patch = parse(TEXT, "t").draft.expect("a patch");
        let row = Row {
            node: patch.node(node).expect("there"),
            field,
            first: false,
        };
        let traced = traced(&patch, row);
        let all = patch.cables.iter().zip(traced).filter(|(_, t)| *t);
        all.map(|(c, _)| cable(&patch, c)).collect()
    }

    #[test]
    fn a_trace_goes_both_ways_and_no_further() {
        let all = shown("f", Field::Choice(0)).len();
        assert_eq!(all, 6, "from the middle everything");
        let down = shown("d", Field::Out(0));
        assert!(!down.iter().any(|c| c == "v > out.in"), "{down:?}");
        let up = shown("f", Field::Param(0));
        assert!(up.iter().any(|c| c.contains("> f.cutoff")), "{up:?}");
        assert!(!up.iter().any(|c| c.starts_with("a > f")), "{up:?}");
    }

    #[test]
    fn a_loop_is_seen_before_it_is_closed() {
        let patch = parse(TEXT, "t").draft.expect("a patch");
        let node = |name: &str| patch.node(name).expect("there");
        assert!(closes_loop(&patch, node("d"), node("f")));
        assert!(closes_loop(&patch, node("f"), node("f")));
        assert!(!closes_loop(&patch, node("lfo"), node("d")));
    }
}

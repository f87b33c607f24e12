//! Imports go down: reads every source file and names each line that reaches for a layer above its own.
use std::fs;
use std::path::{Path, PathBuf};

/// Lowest first. Layers in one row don't know each other, but for the last row.
const LAYERS: &[&[&str]] = &[
    &["dsp"],
    &["modules"],
    &["patch"],
    &["graph"],
    &["engine"],
    &["audio"],
    &["control"],
    &["osc", "midi", "tui"],
    &["app", "cli"],
];
/// The last row joins everything, so its parts may know each other.
const TOP: usize = LAYERS.len() - 1;

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&layer))
}

fn may_import(from: &str, to: &str) -> bool {
    match (rank(from), rank(to)) {
        (Some(from_rank), Some(to_rank)) => {
            from == to || to_rank < from_rank || (from_rank, to_rank) == (TOP, TOP)
        }
        _ => false,
    }
}

/// A path that starts at the crate's root: the name after the root, and the line it stands on.
#[derive(Debug, PartialEq)]
struct Reach {
    line: usize,
    to: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Mark(char),
}

/// Words and marks with their lines, without comments, strings and characters.
fn tokens(source: &str) -> Vec<(usize, Token)> {
    let chars: Vec<char> = source.chars().collect();
    let at = |n: usize| chars.get(n).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut tokens, mut n, mut line) = (Vec::new(), 0, 1);
    while n < chars.len() {
        let start = n;
        match at(n) {
            '/' if at(n + 1) == '/' => {
                while n < chars.len() && at(n) != '\n' {
                    n += 1;
                }
            }
            '/' if at(n + 1) == '*' => {
                let mut depth = 0;
                loop {
                    match (at(n), at(n + 1)) {
                        ('/', '*') => (depth, n) = (depth + 1, n + 2),
                        ('*', '/') => (depth, n) = (depth - 1, n + 2),
                        _ => n += 1,
                    }
                    if depth == 0 || n >= chars.len() {
                        break;
                    }
                }
            }
            '"' => {
                n += 1;
                while n < chars.len() && at(n) != '"' {
                    n += if at(n) == '\\' { 2 } else { 1 };
                }
                n += 1;
            }
            // A character ends with its quote; a lifetime has none.
            '\'' if at(n + 1) == '\\' => {
                n += 3;
                while n < chars.len() && at(n) != '\'' {
                    n += 1;
                }
                n += 1;
            }
            '\'' if at(n + 2) == '\'' => n += 3,
            c if is_word(c) => {
                while is_word(at(n)) {
                    n += 1;
                }
                let word: String = chars[start..n].iter().collect();
                let hashes = (n..).take_while(|&k| at(k) == '#').count();
                if matches!(word.as_str(), "r" | "br") && at(n + hashes) == '"' {
                    let end: Vec<char> = std::iter::once('"')
                        .chain(std::iter::repeat_n('#', hashes))
                        .collect();
                    n += hashes + 1;
                    while n < chars.len() && !chars[n..].starts_with(&end) {
                        n += 1;
                    }
                    n += end.len();
                } else {
                    tokens.push((line, Token::Word(word)));
                }
            }
            c => {
                n += 1;
                if !c.is_whitespace() {
                    tokens.push((line, Token::Mark(c)));
                }
            }
        }
        line += chars[start..n.min(chars.len())]
            .iter()
            .filter(|&&c| c == '\n')
            .count();
    }
    tokens
}

/// Every reach from the crate's root, by `crate::`, or by enough `super::` for a module that is `depth` below the root.
fn reaches(source: &str, depth: usize) -> Vec<Reach> {
    let tokens = tokens(source);
    let token = |n: usize| tokens.get(n).map(|(_, token)| token);
    let is_word =
        |n: usize, text: &str| matches!(token(n), Some(Token::Word(word)) if word == text);
    let is_mark = |n: usize, mark: char| token(n) == Some(&Token::Mark(mark));
    let is_colons = |n: usize| is_mark(n, ':') && is_mark(n + 1, ':');
    let mut found = Vec::new();
    // Inline modules that are open: how deep in braces each began.
    let (mut braces, mut inline) = (0usize, Vec::new());
    let mut n = 0;
    while n < tokens.len() {
        if is_mark(n, '{') {
            braces += 1;
            if n >= 2 && is_word(n - 2, "mod") {
                inline.push(braces);
            }
        } else if is_mark(n, '}') {
            if inline.last() == Some(&braces) {
                inline.pop();
            }
            braces = braces.saturating_sub(1);
        }
        let mut ups = 0;
        let mut end = n;
        while is_word(end, "super") && is_colons(end + 1) {
            (ups, end) = (ups + 1, end + 3);
        }
        let from_root = if is_word(n, "crate") && is_colons(n + 1) {
            end = n + 3;
            true
        } else {
            ups > 0 && ups >= depth + inline.len()
        };
        if from_root {
            found.extend(names_at(&tokens, end));
        }
        n = end.max(n + 1);
    }
    found
}

/// The name at a place, or the first name of each path where a group `{a::b, c}` stands there.
fn names_at(tokens: &[(usize, Token)], at: usize) -> Vec<Reach> {
    let (mut names, mut depth, mut fresh) = (Vec::new(), 0, true);
    for (line, token) in tokens.iter().skip(at) {
        match token {
            Token::Word(word) if fresh => {
                names.push(Reach {
                    line: *line,
                    to: word.clone(),
                });
                fresh = false;
            }
            Token::Word(_) => {}
            Token::Mark('{') => depth += 1,
            Token::Mark('}') => depth -= 1,
            Token::Mark(',') if depth == 1 => fresh = true,
            Token::Mark('*') if fresh => names.push(Reach {
                line: *line,
                to: "*".into(),
            }),
            Token::Mark(_) => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// How far below the root the module of a file is: `src/audio/mod.rs` 1, `src/audio/device.rs` 2.
fn depth(path: &Path, src: &Path) -> usize {
    let below = path
        .strip_prefix(src)
        .expect("a file below src")
        .components()
        .count();
    if path.file_name().is_some_and(|name| name == "mod.rs") {
        below - 1
    } else {
        below
    }
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The layer of a file: its folder below `src`, or its own name.
fn layer_of(path: &Path, src: &Path) -> String {
    let first = path
        .strip_prefix(src)
        .expect("a file below src")
        .components()
        .next()
        .expect("a name");
    Path::new(&first)
        .file_stem()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

#[test]
fn imports_go_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(
        files.len() > 20,
        "only {} files found: is this the source tree?",
        files.len()
    );
    let mut faults = Vec::new();
    for file in &files {
        let layer = layer_of(file, &src);
        if matches!(layer.as_str(), "lib" | "main") {
            continue;
        }
        let name = file.strip_prefix(&src).expect("a file below src").display();
        if rank(&layer).is_none() {
            faults.push(format!(
                "src/{name}: the layer {layer:?} has no place in LAYERS"
            ));
            continue;
        }
        let source = fs::read_to_string(file).expect("a readable file");
        for reach in reaches(&source, depth(file, &src)) {
            // Macros that are exported stand at the root, whatever layer they are from; so does nothing else.
            let is_layer =
                src.join(&reach.to).exists() || src.join(format!("{}.rs", reach.to)).exists();
            if (is_layer || reach.to == "*") && !may_import(&layer, &reach.to) {
                faults.push(format!(
                    "src/{name}:{}: {layer} may not know {}",
                    reach.line, reach.to
                ));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_rule_is_what_the_architecture_says() {
    for (from, to, allowed) in [
        ("modules", "dsp", true),
        ("dsp", "modules", false),
        ("graph", "engine", false),
        ("audio", "control", false),
        ("control", "audio", true),
        ("tui", "osc", false),
        ("osc", "tui", false),
        ("osc", "osc", true),
        ("app", "tui", true),
        ("app", "cli", true),
        ("control", "app", false),
        ("unknown", "dsp", false),
    ] {
        assert_eq!(may_import(from, to), allowed, "{from} -> {to}");
    }
}

#[test]
fn every_way_to_reach_up_is_seen() {
    let found = |source: &str, depth: usize| -> Vec<(usize, String)> {
        reaches(source, depth)
            .into_iter()
            .map(|reach| (reach.line, reach.to))
            .collect()
    };
    let one = |line: usize, to: &str| vec![(line, to.to_owned())];
    assert_eq!(found("use crate::tui::theme;", 2), one(1, "tui"));
    assert_eq!(found("\nfn f() { crate::tui::draw() }", 2), one(2, "tui"));
    assert_eq!(found("pub(crate) use crate\n    ::tui;", 2), one(2, "tui"));
    assert_eq!(
        found("macro_rules! m { () => { $crate::osc::send() } }", 2),
        one(1, "osc")
    );
    assert_eq!(
        found("use crate::{dsp::{lanes, fade}, tui, osc::codec as c};", 2),
        [(1, "dsp".into()), (1, "tui".into()), (1, "osc".into())]
    );
    assert_eq!(found("use crate::*;", 2), one(1, "*"));
    // By `super`: from a layer's mod.rs one step is the root, from its files two, from their inline modules three.
    assert_eq!(found("use super::tui;", 1), one(1, "tui"));
    assert_eq!(found("use super::tui;", 2), []);
    assert_eq!(found("use super::super::tui;", 2), one(1, "tui"));
    assert_eq!(found("mod tests { use super::super::tui; }", 2), []);
    assert_eq!(
        found(
            "mod tests { use super::super::super::tui; }\nuse super::super::osc;",
            2
        )
        .len(),
        2
    );
    assert!(found("use super::{super::tui};", 1).contains(&(1, "tui".to_owned())));
    // What only looks like it.
    let harmless = r##"
        // use crate::tui;
        /* use /* nested */ crate::tui; */
        const A: &str = "use crate::tui; \" crate::osc";
        const B: &str = r#"crate::tui "quoted""#;
        fn f<'a>(c: &'a char) -> bool { *c == '"' || *c == '\'' }
        use my_crate::tui;
    "##;
    assert_eq!(found(harmless, 2), []);
}

#[test]
fn depths_and_layers_of_files() {
    let src = Path::new("/x/src");
    for (file, deep, layer) in [
        ("audio/mod.rs", 1, "audio"),
        ("audio/device.rs", 2, "audio"),
        ("tui/panels/mod.rs", 2, "tui"),
        ("tui/panels/scope.rs", 3, "tui"),
        ("app.rs", 1, "app"),
    ] {
        assert_eq!(
            (
                depth(&src.join(file), src),
                layer_of(&src.join(file), src).as_str()
            ),
            (deep, layer),
            "{file}"
        );
    }
}

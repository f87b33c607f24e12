//! Where in a patch's text a byte is: inside which brackets, behind which name, in a string or not. Never fails: texts that are
//! being typed are wrong most of the time.
use crate::modules::{self, spec::ModuleSpec};

/// The way to a place, from the outermost bracket inwards.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    pub frames: Vec<Frame>,
    /// What stands in the string up to the place, where it is in one.
    pub string: Option<String>,
    /// The word that ends at the place.
    pub word: String,
    pub in_comment: bool,
}

/// An open bracket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    pub bracket: char,
    /// The word before it: a module's kind.
    pub head: String,
    /// `name:` before the place, since the last comma.
    pub key: Option<String>,
    /// Every `name:` in it, also behind the place.
    pub keys: Vec<String>,
}

/// A module of the patch, or of a group: its name and its kind, which may be a group.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub kind: String,
    /// None for a use of a group, or a kind that is being typed.
    pub spec: Option<&'static ModuleSpec>,
}

/// A group as its text stands.
#[derive(Clone, Debug, Default)]
pub struct Group {
    pub name: String,
    pub modules: Vec<Named>,
    /// As its cables name them, without the `in.` and `out.`.
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
}

/// What a text says as far as it can be guessed.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    pub place: Place,
    pub modules: Vec<Named>,
    pub groups: Vec<Group>,
}

/// What a cable at the place may begin or end with.
#[derive(Clone, Debug)]
pub enum End {
    Module {
        name: String,
        spec: &'static ModuleSpec,
    },
    Use {
        name: String,
        group: String,
        inputs: Vec<String>,
        outputs: Vec<String>,
    },
    /// A group's own, in its cables.
    In,
    Out,
}

impl End {
    pub fn name(&self) -> &str {
        match self {
            Self::Module { name, .. } | Self::Use { name, .. } => name,
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

impl Scan {
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// Of the group that the place is in, else of the patch: modules, uses of groups, and the modules that these stand for.
    pub fn ends(&self) -> Vec<End> {
        let module = |named: &Named| {
            Some(End::Module {
                name: named.name.clone(),
                spec: named.spec?,
            })
        };
        if let [first, second, ..] = &self.place.frames[..]
            && first.key.as_deref() == Some("groups")
        {
            let group = second.key.as_deref().and_then(|name| self.group(name));
            let own = group.into_iter().flat_map(|group| &group.modules);
            return own.filter_map(module).chain([End::In, End::Out]).collect();
        }
        let mut ends: Vec<End> = self.modules.iter().filter_map(module).collect();
        for named in &self.modules {
            let Some(group) = self.group(&named.kind) else {
                continue;
            };
            ends.push(End::Use {
                name: named.name.clone(),
                group: group.name.clone(),
                inputs: group.inputs.clone(),
                outputs: group.outputs.clone(),
            });
            let inner = group.modules.iter().filter_map(|m| {
                Some(End::Module {
                    name: format!("{}_{}", named.name, m.name),
                    spec: m.spec?,
                })
            });
            ends.extend(inner);
        }
        ends
    }
}

/// Goes through a text; `at` is the byte whose place is wanted.
pub fn scan(text: &str, at: usize) -> Scan {
    let mut scanner = Scanner {
        text,
        at,
        ..Scanner::default()
    };
    let mut byte = 0;
    while byte < text.len() {
        byte = scanner.next(byte);
    }
    scanner.seen(text.len());
    Scan {
        place: scanner.found.unwrap_or_default(),
        modules: scanner.modules,
        groups: scanner.groups,
    }
}

#[derive(Default)]
struct Scanner<'t> {
    text: &'t str,
    at: usize,
    frames: Vec<Frame>,
    /// How many of the present frames are those of the place.
    shared: usize,
    /// The last word, and where it ends.
    last: (&'t str, usize),
    found: Option<Place>,
    modules: Vec<Named>,
    groups: Vec<Group>,
}

impl<'t> Scanner<'t> {
    /// Past the next thing of the text.
    fn next(&mut self, from: usize) -> usize {
        let rest = &self.text[from..];
        let Some(c) = rest.chars().next() else {
            return self.text.len();
        };
        if rest.starts_with("//") || rest.starts_with("/*") {
            let end = match rest.starts_with("//") {
                true => rest.find('\n'),
                false => rest.find("*/").map(|end| end + 2),
            };
            let end = from + end.unwrap_or(rest.len());
            if self.found.is_none() && from + 1 < self.at && self.at <= end {
                self.note(Place {
                    in_comment: true,
                    ..Place::default()
                });
            }
            return end;
        }
        if c == '"' {
            return self.string(from);
        }
        if c.is_alphabetic() || c == '_' || c.is_ascii_digit() {
            let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
            let end = from + len.unwrap_or(rest.len());
            self.seen_in(from, end);
            self.last = (&self.text[from..end], end);
            return end;
        }
        self.seen(from);
        match c {
            '(' | '[' | '{' => self.open(c, from),
            ')' | ']' | '}' => {
                self.bare_kind(from);
                self.frames.pop();
                self.shared = self.shared.min(self.frames.len());
            }
            ':' => self.key(from),
            ',' => {
                self.bare_kind(from);
                if let Some(frame) = self.frames.last_mut() {
                    frame.key = None;
                }
            }
            _ => {}
        }
        from + c.len_utf8()
    }

    fn open(&mut self, bracket: char, at: usize) {
        let beside = self.last.1 == at;
        let head = if beside { self.last.0 } else { "" };
        self.module(head);
        self.frames.push(Frame {
            bracket,
            head: head.to_owned(),
            ..Frame::default()
        });
    }

    /// In `modules: ( name: Kind`, in the patch or in a group: that is a module.
    fn module(&mut self, kind: &str) {
        let [.., list, entry] = &self.frames[..] else {
            return;
        };
        let (Some("modules"), Some(name)) = (list.key.as_deref(), entry.key.clone()) else {
            return;
        };
        if kind.is_empty() {
            return;
        }
        let named = Named {
            name,
            kind: kind.to_owned(),
            spec: modules::find(kind),
        };
        let of_patch = self.frames.len() == 2;
        match self.group_here() {
            Some(group) => group.modules.push(named),
            None if of_patch => self.modules.push(named),
            None => {}
        }
    }

    /// The group whose body it is in: `groups: ( name: ( … `.
    fn group_here(&mut self) -> Option<&mut Group> {
        let [first, second, _, ..] = &self.frames[..] else {
            return None;
        };
        if first.key.as_deref() != Some("groups") {
            return None;
        }
        let name = second.key.clone()?;
        let at = self.groups.iter().position(|g| g.name == name);
        let at = at.unwrap_or_else(|| {
            self.groups.push(Group {
                name,
                ..Group::default()
            });
            self.groups.len() - 1
        });
        self.groups.get_mut(at)
    }

    /// A kind that is written without brackets ends with its entry.
    fn bare_kind(&mut self, at: usize) {
        let between = self.text.get(self.last.1..at).unwrap_or("x");
        let keyed = self.frames.last().and_then(|f| f.key.as_deref());
        if between.trim().is_empty() && keyed.is_some() && keyed != Some(self.last.0) {
            self.module(self.last.0);
        }
    }

    /// What a group's cable says of its ports.
    fn group_cable(&mut self, cable: &str) {
        let [.., body, list] = &self.frames[..] else {
            return;
        };
        if list.bracket != '[' || body.key.as_deref() != Some("cables") {
            return;
        }
        let Some(group) = self.group_here() else {
            return;
        };
        let words = cable.split(['>', '+', '*', '~']).map(str::trim);
        for word in words {
            let (head, port) = word.split_once('.').unwrap_or((word, word));
            let ports = match head {
                "in" => &mut group.inputs,
                "out" => &mut group.outputs,
                _ => continue,
            };
            if !port.is_empty() && !ports.iter().any(|p| p == port) {
                ports.push(port.to_owned());
            }
        }
    }

    /// The word before a colon names what follows.
    fn key(&mut self, at: usize) {
        let between = self.text.get(self.last.1..at).unwrap_or(" x");
        let depth = self.frames.len();
        let Some(frame) = self.frames.last_mut().filter(|_| between.trim().is_empty()) else {
            return;
        };
        frame.key = Some(self.last.0.to_owned());
        frame.keys.push(self.last.0.to_owned());
        // A name behind the place still belongs to its bracket.
        if depth <= self.shared
            && let Some(place) = &mut self.found
            && let Some(of_place) = place.frames.get_mut(depth - 1)
        {
            of_place.keys.push(self.last.0.to_owned());
        }
    }

    /// A string ends with its quote, or with its line: one that is being typed must not swallow the rest.
    fn string(&mut self, from: usize) -> usize {
        let body = &self.text[from + 1..];
        let mut escaped = false;
        let mut end = None;
        for (i, c) in body.char_indices() {
            match c {
                '\n' => {
                    end = Some((i, i));
                    break;
                }
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    end = Some((i, i + 1));
                    break;
                }
                _ => {}
            }
        }
        let (inside, after) = end.unwrap_or((body.len(), body.len()));
        self.seen(from);
        let cable = &body[..inside];
        self.group_cable(cable);
        let inside_at = from + 1..=from + 1 + inside;
        if self.found.is_none() && inside_at.contains(&self.at) {
            let string = self.text.get(from + 1..self.at).unwrap_or("");
            self.note(Place {
                string: Some(string.to_owned()),
                ..Place::default()
            });
        }
        from + 1 + after
    }

    /// The place lies at or before a byte, outside of words and strings.
    fn seen(&mut self, byte: usize) {
        if self.found.is_none() && self.at <= byte {
            self.note(Place::default());
        }
    }

    fn seen_in(&mut self, from: usize, end: usize) {
        self.seen(from);
        if self.found.is_none() && self.at <= end {
            let word = self.text.get(from..self.at).unwrap_or("");
            self.note(Place {
                word: word.to_owned(),
                ..Place::default()
            });
        }
    }

    fn note(&mut self, place: Place) {
        self.shared = self.frames.len();
        self.found = Some(Place {
            frames: self.frames.clone(),
            ..place
        });
    }
}

#[cfg(test)]
mod tests;

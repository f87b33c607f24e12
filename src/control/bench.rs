//! The patch on the bench: what the user patches, ahead of what plays. Its text is the patch; comments and layout are in it.
//! Plain data, owned by the supervisor and shown in the view.
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::modules::spec::ParamValue;
use crate::patch::file::parse;
use crate::patch::{Patch, PrimeMode, edit};

use super::params::Knob;
use super::written;

/// A patch that begins here and has nothing in it.
pub const EMPTY: &str = "(\n  name: \"untitled\",\n  modules: (\n  ),\n  cables: [\n  ],\n)\n";

#[derive(Clone, Debug)]
pub struct Bench {
    pub text: Arc<str>,
    pub path: Option<PathBuf>,
    /// Every name and value in it is right; the graph may not be whole yet.
    pub patch: Arc<Patch>,
    /// Why it can't be heard yet.
    pub trouble: Option<String>,
    /// Made from what plays: a knob turned here is turned there too.
    pub of_live: bool,
    /// Knobs that the text does not show yet, by module and name.
    unwritten: Vec<(String, String)>,
    unwritten_macros: Vec<usize>,
}

/// What undo puts back on the bench.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    pub text: Arc<str>,
    pub path: Option<PathBuf>,
    pub of_live: bool,
}

impl Bench {
    /// Puts a text on the bench, or says why it is no patch.
    pub fn open(sheet: Sheet) -> Result<Self, String> {
        let file = sheet.path.as_deref().unwrap_or(Path::new("patch"));
        let parsed = parse(&sheet.text, &file.to_string_lossy());
        let Some(patch) = parsed.draft else {
            let first = parsed.diagnostics.first().map(ToString::to_string);
            return Err(first.unwrap_or_else(|| "the text is no patch".into()));
        };
        // A patch that may be silent may be so for want of cables.
        let unheard = |message: &str| {
            patch.prime != PrimeMode::Silent && message.starts_with("nothing reaches")
        };
        let mut findings = parsed.diagnostics.iter();
        let trouble = findings
            .find(|d| parsed.patch.is_none() || unheard(&d.message))
            .map(|d| d.message.split(';').next().unwrap_or_default().to_owned());
        Ok(Self {
            text: sheet.text,
            path: sheet.path,
            patch: Arc::new(patch),
            trouble,
            of_live: sheet.of_live,
            unwritten: Vec::new(),
            unwritten_macros: Vec::new(),
        })
    }

    pub fn sheet(&self) -> Sheet {
        Sheet {
            text: self.text.clone(),
            path: self.path.clone(),
            of_live: self.of_live,
        }
    }

    /// Turns a knob that was found in its patch.
    pub fn turn(&mut self, knob: &Knob, value: ParamValue) {
        let patch = Arc::make_mut(&mut self.patch);
        knob.put(patch, value);
        let name = (patch.modules[knob.node].name.clone(), knob.name.clone());
        if !self.unwritten.contains(&name) {
            self.unwritten.push(name);
        }
    }

    pub fn turn_macro(&mut self, index: usize, at: f32) {
        if let Some(there) = Arc::make_mut(&mut self.patch).macros.get_mut(index) {
            there.at = at;
            if !self.unwritten_macros.contains(&index) {
                self.unwritten_macros.push(index);
            }
        }
    }

    /// Brings the text up to the knobs. Once a turn of the supervisor, not once a knob: an edit reads the text.
    pub fn write(&mut self) {
        let turned = std::mem::take(&mut self.unwritten);
        if let Some(text) = written::write(&self.text, &self.patch, turned) {
            self.text = text.into();
        }
        for index in std::mem::take(&mut self.unwritten_macros) {
            let at = self.patch.macros.get(index).map(|m| m.at);
            if let Some(at) = at
                && let Ok(text) = edit::set_macro_at(&self.text, index, at)
            {
                self.text = text.into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::params;

    fn bench(text: &str) -> Result<Bench, String> {
        Bench::open(Sheet {
            text: text.into(),
            path: None,
            of_live: false,
        })
    }

    #[test]
    fn it_says_what_is_missing_until_something_can_be_heard() {
        let trouble = |text: &str| bench(text).expect("readable").trouble;
        assert!(trouble(EMPTY).is_some_and(|t| t.contains("no `Out` module")));
        let alone = "(modules: (saw: Saw(), out: Out()))";
        assert_eq!(trouble(alone).as_deref(), Some("nothing reaches `out`"));
        let closed =
            "(modules: (a: Vca(), b: Vca(), out: Out()), cables: [\"a > b > a\", \"b > out\"])";
        assert!(trouble(closed).is_some_and(|t| t.starts_with("cycle without")));
        let whole = "(modules: (saw: Saw(), lfo: Lfo(), out: Out()), cables: [\"saw > out\"])";
        assert_eq!(trouble(whole), None);
        assert_eq!(trouble("(modules: (out: Out()), prime: Silent)"), None);
        assert!(bench("(modules: (saw: Sew()))").is_err());
    }

    #[test]
    fn knobs_reach_the_text_and_leave_the_rest_of_it() {
        let text =
            "(modules: (saw: Saw(freq: \"110Hz\"), /* x */ out: Out()), cables: [\"saw > out\"])";
        let mut bench = bench(text).expect("readable");
        let freq = params::find(&bench.patch, "saw", "freq").expect("freq");
        bench.turn(&freq, ParamValue::Fixed(220.0));
        bench.turn(&freq, ParamValue::Fixed(330.0));
        assert_eq!(&*bench.text, text);
        bench.write();
        assert_eq!(*bench.text, text.replace("110Hz", "330Hz"));
    }
}

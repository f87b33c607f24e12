//! Where the parts of a patch stand in its text, for the cursor and for edits that keep everything else.
use std::ops::Range;

/// Bytes of a patch's parts, in the order of [`super::Patch`].
#[derive(Clone, Debug, Default)]
pub struct Spans {
    pub modules: Vec<ModuleSpans>,
    pub cables: Vec<CableSpans>,
}

#[derive(Clone, Debug)]
pub struct ModuleSpans {
    pub name: Range<usize>,
    pub kind: Range<usize>,
    /// From the name to the closing bracket.
    pub whole: Range<usize>,
    /// Between the brackets; none where the kind is written without them.
    pub inside: Option<Range<usize>>,
    /// In the order of the spec; none where the default is meant.
    pub params: Vec<Option<ArgSpans>>,
    /// In the order of the spec; none where the default is meant.
    pub options: Vec<Option<ArgSpans>>,
    /// Where the module is one of a group's use, which `name`, `kind` and `whole` are of.
    pub within: Option<Within>,
}

/// The place of a module in a group's use.
#[derive(Clone, Debug)]
pub struct Within {
    /// The module's name in the group.
    pub module: String,
    /// Between the brackets of the use; none where it is written without them.
    pub inside: Option<Range<usize>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgSpans {
    pub name: Range<usize>,
    /// With its quotes.
    pub value: Range<usize>,
}

/// One hop of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CableSpans {
    pub from: Range<usize>,
    /// `>` or `~>`
    pub arrow: Range<usize>,
    pub to: Range<usize>,
    /// Without the `*`.
    pub amount: Option<Range<usize>>,
}

/// What stands at a byte of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Module(usize),
    Param { module: usize, param: usize },
    Option { module: usize, option: usize },
    Cable(usize),
}

impl Spans {
    pub fn at(&self, byte: usize) -> Option<Place> {
        let on = |span: &Range<usize>| span.start <= byte && byte <= span.end;
        let on_arg = |arg: &Option<ArgSpans>| {
            arg.as_ref()
                .is_some_and(|arg| on(&(arg.name.start..arg.value.end)))
        };
        if let Some(module) = self.modules.iter().position(|m| on(&m.whole)) {
            let spans = &self.modules[module];
            if let Some(param) = spans.params.iter().position(on_arg) {
                return Some(Place::Param { module, param });
            }
            if let Some(option) = spans.options.iter().position(on_arg) {
                return Some(Place::Option { module, option });
            }
            return Some(Place::Module(module));
        }
        let hop = |c: &CableSpans| {
            let end = c.amount.as_ref().map_or(c.to.end, |a| a.end.max(c.to.end));
            on(&(c.from.start.min(c.to.start)..end))
        };
        self.cables.iter().position(hop).map(Place::Cable)
    }
}

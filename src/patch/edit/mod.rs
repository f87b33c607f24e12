//! Edits of a patch's text that keep comments and layout: what the Patch screen does, one value of [`Edit`] each. Pure functions.
mod amounts;
mod cables;
mod doc;
mod entry;
mod macros;
mod modules;
mod names;
mod replace;
mod value;

use crate::modules::spec::{OptionValue, ParamValue};

pub use doc::splice;
pub use macros::set_macro_at;
pub use names::{check_name, free_like, free_name, source_text, target_text};
pub use value::{knob_edit, param_edit, set_knob, set_option, set_param};

/// Something that a user does to a patch. Names are those of the text; ports as cables write them: `seq.gate`, `vcf.cutoff`,
/// `vca` for its first input or output.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// A new module with its kind's defaults, behind another one or at the end.
    Add {
        name: String,
        kind: String,
        after: Option<String>,
    },
    /// A module and every cable and macro target that it has. With `bridge` what came in as sound goes where its sound went.
    Delete {
        module: String,
        bridge: bool,
    },
    /// Another name, wherever the module is named.
    Rename {
        module: String,
        to: String,
    },
    /// A second module with the same values, fed by the same cables.
    Duplicate {
        module: String,
        to: String,
    },
    /// Another kind under the same name: values and cables that it has too stay.
    Replace {
        module: String,
        kind: String,
    },
    Wire {
        from: String,
        to: String,
        /// As patches write it: "0.5", "2.5oct".
        amount: Option<String>,
        feedback: bool,
    },
    Cut {
        from: String,
        to: String,
    },
    /// Another amount of a cable; none for 1.
    Amount {
        from: String,
        to: String,
        amount: Option<String>,
    },
    Set {
        module: String,
        param: String,
        value: ParamValue,
    },
    /// A choice that is made when the patch is built: a shape, a pattern's steps.
    Choose {
        module: String,
        option: String,
        value: OptionValue,
    },
    /// A parameter becomes a target of a macro, with the values at both its ends; a macro that is not there yet is added.
    Assign {
        /// From 0; past the last one a new macro.
        index: usize,
        /// Of a new macro.
        name: String,
        module: String,
        param: String,
        /// As patches write it: "200Hz..4kHz".
        range: String,
    },
    Voices(usize),
    /// The patch's own name.
    Title(String),
    /// The whole text anew: what a text editor does.
    Rewrite(String),
}

/// Why an edit can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("no module {0}")]
    NoModule(String),
    #[error("{0}")]
    NoPort(String),
    #[error("{0}")]
    Value(String),
    #[error("the text has an error first: {0}")]
    Broken(String),
    /// A name that is no name, or is another module's.
    #[error("{0}")]
    Name(String),
    #[error("{0}")]
    Cable(String),
    /// A use of a group stands for modules and cables that are written elsewhere, once for all its uses.
    #[error("{0}")]
    Group(String),
}

impl Edit {
    /// The text with the edit made. What takes it back is the text before: every byte of it is kept by whoever calls this.
    pub fn apply(&self, text: &str) -> Result<String, EditError> {
        let new = self.make(text)?;
        if !matches!(self, Self::Rewrite(_) | Self::Set { .. }) {
            // What was read before can be read after, or nothing is changed.
            doc::Doc::read(&new)?;
        }
        Ok(new)
    }

    fn make(&self, text: &str) -> Result<String, EditError> {
        match self {
            Self::Add { name, kind, after } => modules::add(text, name, kind, after.as_deref()),
            Self::Delete { module, bridge } => modules::delete(text, module, *bridge),
            Self::Rename { module, to } => modules::rename(text, module, to),
            Self::Duplicate { module, to } => modules::duplicate(text, module, to),
            Self::Replace { module, kind } => replace::replace(text, module, kind),
            Self::Wire {
                from,
                to,
                amount,
                feedback,
            } => cables::wire(text, from, to, amount.as_deref(), *feedback),
            Self::Cut { from, to } => cables::cut(text, from, to),
            Self::Amount { from, to, amount } => {
                amounts::set_amount(text, from, to, amount.as_deref())
            }
            Self::Set {
                module,
                param,
                value,
            } => set_param(text, module, param, *value),
            Self::Choose {
                module,
                option,
                value,
            } => set_option(text, module, option, value),
            Self::Assign {
                index,
                name,
                module,
                param,
                range,
            } => macros::assign(text, *index, name, &format!("{module}.{param}"), range),
            Self::Voices(voices) => modules::set_voices(text, *voices),
            Self::Title(name) => modules::set_title(text, name),
            Self::Rewrite(new) => Ok(new.clone()),
        }
    }

    /// In a few words, for lists and the sentence: "wire env > vcf.cutoff * 2.5oct".
    pub fn words(&self) -> String {
        let times = |amount: &Option<String>| match amount {
            Some(amount) => format!(" * {amount}"),
            None => String::new(),
        };
        match self {
            Self::Add { name, kind, .. } => format!("add {name}: {kind}"),
            Self::Delete { module, .. } => format!("delete {module}"),
            Self::Rename { module, to } => format!("rename {module} to {to}"),
            Self::Duplicate { module, to } => format!("duplicate {module} as {to}"),
            Self::Replace { module, kind } => format!("replace {module} by {kind}"),
            Self::Wire {
                from,
                to,
                amount,
                feedback,
            } => {
                let arrow = if *feedback { "~>" } else { ">" };
                format!("wire {from} {arrow} {to}{}", times(amount))
            }
            Self::Cut { from, to } => format!("cut {from} > {to}"),
            Self::Amount { from, to, amount } => format!("amount {from} > {to}{}", times(amount)),
            Self::Set { module, param, .. } => format!("set {module}.{param}"),
            Self::Choose { module, option, .. } => format!("choose {module}.{option}"),
            Self::Assign {
                index,
                module,
                param,
                range,
                ..
            } => format!("macro {} turns {module}.{param} {range}", index + 1),
            Self::Voices(voices) => format!("voices {voices}"),
            Self::Title(name) => format!("title {name}"),
            Self::Rewrite(_) => "edit the text".to_owned(),
        }
    }
}

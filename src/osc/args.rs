//! What an address takes, as data, and the reading of a message's arguments against it. Senders are forgiven what can't be
//! misread: integers for floats and the other way round, booleans for gates. Runs on the OSC thread.
use rosc::OscType;

/// One argument of an address.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    pub name: &'static str,
    pub kind: ArgKind,
    pub optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// A finite number.
    Number,
    /// A finite number, or text that says it with a unit.
    Knob,
    Text,
    /// Open or closed: a boolean, or a number (0 is closed).
    Gate,
    /// Anything, any number of them.
    Rest,
}

impl ArgKind {
    /// The type tag that the docs name.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Number => "f",
            Self::Knob => "f or s",
            Self::Gate => "i",
            Self::Text => "s",
            Self::Rest => "…",
        }
    }
}

/// Short hand for the table.
pub const fn number(name: &'static str) -> Arg {
    arg(name, ArgKind::Number)
}
pub const fn knob(name: &'static str) -> Arg {
    arg(name, ArgKind::Knob)
}
pub const fn text(name: &'static str) -> Arg {
    arg(name, ArgKind::Text)
}
pub const fn gate(name: &'static str) -> Arg {
    arg(name, ArgKind::Gate)
}
pub const fn rest(name: &'static str) -> Arg {
    arg(name, ArgKind::Rest)
}
const fn arg(name: &'static str, kind: ArgKind) -> Arg {
    Arg {
        name,
        kind,
        optional: false,
    }
}

impl Arg {
    pub const fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }
}

/// An argument that was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    Text(String),
    Gate(bool),
}

/// Arguments in the order of the table; optional ones at the end may be missing.
#[derive(Clone, Debug, Default)]
pub struct Values(Vec<Value>);

impl Values {
    pub fn number(&self, index: usize) -> f64 {
        self.optional_number(index).unwrap_or_default()
    }

    pub fn optional_number(&self, index: usize) -> Option<f64> {
        match self.0.get(index) {
            Some(Value::Number(n)) => Some(*n),
            _ => None,
        }
    }

    pub fn text(&self, index: usize) -> String {
        self.optional_text(index).unwrap_or_default().to_owned()
    }

    pub fn optional_text(&self, index: usize) -> Option<&str> {
        match self.0.get(index) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Numbers from an argument on: each of them, or in texts with commas between.
    pub fn numbers_from(&self, index: usize) -> Result<Vec<f32>, String> {
        let mut numbers = Vec::new();
        for value in self.0.iter().skip(index) {
            match value {
                Value::Number(n) => numbers.push(*n as f32),
                Value::Gate(on) => numbers.push(f32::from(u8::from(*on))),
                Value::Text(text) => {
                    for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
                        let number = part.parse().ok().filter(|n: &f32| n.is_finite());
                        let wrong = || format!("`{part}` is no number");
                        numbers.push(number.ok_or_else(wrong)?);
                    }
                }
            }
        }
        Ok(numbers)
    }

    pub fn gate(&self, index: usize) -> bool {
        matches!(self.0.get(index), Some(Value::Gate(true)))
    }
}

/// Reads arguments against what the address takes; the error says what it takes.
pub fn read(spec: &[Arg], given: &[OscType]) -> Result<Values, String> {
    let mut values = Vec::new();
    let mut given = given.iter();
    for arg in spec {
        if arg.kind == ArgKind::Rest {
            values.extend(given.filter_map(loose));
            return Ok(Values(values));
        }
        match given.next() {
            Some(given) => values.push(one(arg, given)?),
            None if arg.optional => return Ok(Values(values)),
            None => return Err(format!("`{}` is missing; {}", arg.name, takes(spec))),
        }
    }
    match given.next() {
        Some(_) => Err(format!("too many arguments; {}", takes(spec))),
        None => Ok(Values(values)),
    }
}

/// What can be read of an argument that may be anything.
fn loose(given: &OscType) -> Option<Value> {
    match given {
        OscType::String(text) => Some(Value::Text(text.clone())),
        other => one(&number("value"), other).ok(),
    }
}

/// "takes f (value)".
pub fn takes(spec: &[Arg]) -> String {
    if spec.is_empty() {
        return "takes no arguments".to_owned();
    }
    let args: Vec<String> = spec.iter().map(described).collect();
    format!("takes {}", args.join(", "))
}

/// "f (value)", "\[s (quantum)\]".
pub fn described(arg: &Arg) -> String {
    let plain = format!("{} ({})", arg.kind.tag(), arg.name);
    if arg.optional {
        format!("[{plain}]")
    } else {
        plain
    }
}

fn one(arg: &Arg, given: &OscType) -> Result<Value, String> {
    let wrong = |what: &str| Err(format!("`{}` is {what}, not {}", arg.name, shown(given)));
    match arg.kind {
        ArgKind::Number => finite(given).map_or_else(|| wrong("a finite number"), Ok),
        ArgKind::Knob => match (given, finite(given)) {
            (OscType::String(text), _) => Ok(Value::Text(text.clone())),
            (_, Some(n)) => Ok(n),
            _ => wrong("a finite number or text"),
        },
        ArgKind::Gate => match (given, numeric(given)) {
            (OscType::Bool(open), _) => Ok(Value::Gate(*open)),
            (_, Some(n)) if n.is_finite() => Ok(Value::Gate(n != 0.0)),
            _ => wrong("0 or 1"),
        },
        ArgKind::Text => match given {
            OscType::String(text) => Ok(Value::Text(text.clone())),
            _ => wrong("text"),
        },
        ArgKind::Rest => wrong("nothing of its own"),
    }
}

fn finite(given: &OscType) -> Option<Value> {
    numeric(given).filter(|n| n.is_finite()).map(Value::Number)
}

fn numeric(given: &OscType) -> Option<f64> {
    match given {
        OscType::Int(n) => Some(f64::from(*n)),
        OscType::Long(n) => Some(*n as f64),
        OscType::Float(n) => Some(f64::from(*n)),
        OscType::Double(n) => Some(*n),
        _ => None,
    }
}

fn shown(given: &OscType) -> String {
    match given {
        OscType::String(text) => format!("\"{}\"", text.chars().take(40).collect::<String>()),
        OscType::Bool(open) => open.to_string(),
        OscType::Blob(_) => "a blob".to_owned(),
        OscType::Array(_) => "an array".to_owned(),
        OscType::Nil => "nil".to_owned(),
        OscType::Inf => "infinity".to_owned(),
        other => match numeric(other) {
            Some(n) => n.to_string(),
            None => "of another type".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_forgiven_their_type_but_not_their_value() {
        let spec = [number("value")];
        for given in [
            OscType::Int(2),
            OscType::Long(2),
            OscType::Float(2.0),
            OscType::Double(2.0),
        ] {
            assert_eq!(read(&spec, &[given]).map(|v| v.number(0)), Ok(2.0));
        }
        for given in [
            OscType::Float(f32::NAN),
            OscType::Double(f64::INFINITY),
            OscType::Inf,
            OscType::Bool(true),
            OscType::String("2".into()),
        ] {
            let why = read(&spec, &[given]).expect_err("not a number");
            assert!(why.contains("finite number"), "{why}");
        }
    }

    #[test]
    fn gates_take_booleans_and_numbers() {
        let spec = [gate("open")];
        for (given, open) in [
            (OscType::Bool(true), true),
            (OscType::Bool(false), false),
            (OscType::Int(1), true),
            (OscType::Float(0.0), false),
        ] {
            assert_eq!(read(&spec, &[given]).map(|v| v.gate(0)), Ok(open));
        }
    }

    #[test]
    fn too_few_and_too_many_say_what_is_right() {
        let spec = [text("id"), number("value").optional()];
        let id = OscType::String("vcf".into());
        assert!(read(&spec, std::slice::from_ref(&id)).is_ok());
        assert_eq!(
            read(&spec, &[]).expect_err("too few"),
            "`id` is missing; takes s (id), [f (value)]"
        );
        let three = [id.clone(), OscType::Int(1), OscType::Int(2)];
        assert!(
            read(&spec, &three)
                .expect_err("too many")
                .starts_with("too many")
        );
    }
}

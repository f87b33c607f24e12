//! Beside the text: what priming would change, and help for what the cursor is on, printed from the specs.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::modules::spec::{ModuleSpec, OptionKind, ParamSpec};
use crate::patch::spans::Place;
use crate::patch::value::{AmountIn, amount_hint, bound, format_value};
use crate::patch::{Input, Patch};
use crate::tui::app::App;
use crate::tui::difference;
use crate::tui::editor::Editor;
use crate::tui::editor::completion::range;
use crate::tui::panels::changes;
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::theme::Role;
use crate::tui::words;

/// What priming would change, and what the module under the cursor has.
pub fn draw(app: &App, editor: &Editor, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let upper = Rect {
        height: area.height / 2,
        ..area
    };
    let lower = Rect {
        y: upper.bottom(),
        height: area.height - upper.height,
        ..area
    };
    let title = format!("^E and a swap change in {}", app.view.live.name());
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Muted),
        ..Labels::default()
    };
    let inner = panel(buf, upper, theme, &labels);
    let live = app.loaded(app.view.live);
    match (&app.text.parsed.patch, live) {
        (Some(new), Some(live)) => changes::draw(&live.patch, new, theme, inner, buf),
        _ => {
            let blocked = format!(
                "blocked: {}",
                words::count(app.text.parsed.errors().count(), "error")
            );
            Pen::row(buf, inner, 0)
                .gap(1)
                .text(blocked, theme.style(Role::DiagError));
        }
    }
    help(app, editor, lower, buf);
}

/// A line of help: a name, and what it is.
type Line = (String, String, Role);

fn help(app: &App, editor: &Editor, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let (title, lines) = under_cursor(app, editor);
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Muted),
        ..Labels::default()
    };
    let inner = panel(buf, area, theme, &labels);
    let mut y = 0;
    for (name, doc, role) in lines {
        let mut pen = Pen::row(buf, inner, y);
        pen.gap(1);
        let here = role == Role::Selection;
        let style = match here {
            true => theme.style(Role::Focus).add_modifier(Modifier::BOLD),
            false => theme.style(role),
        };
        if !name.is_empty() {
            pen.cell(&name, 12, style);
        }
        // What the cursor is on is told in full.
        let width = usize::from(pen.room().max(8));
        let rows = match here || name.is_empty() {
            true => wrapped(&doc, width),
            false => vec![doc],
        };
        for (n, row) in rows.into_iter().enumerate() {
            let mut pen = Pen::row(buf, inner, y + n as u16);
            pen.gap(if name.is_empty() { 1 } else { 13 });
            pen.text(
                row,
                theme.style(if here { Role::Text } else { Role::Muted }),
            );
            y += u16::from(n > 0);
        }
        y += 1;
        if y >= inner.height {
            break;
        }
    }
}

/// Words in rows of at most a width.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    for word in text.split(' ') {
        let last = rows.last_mut().filter(|row| {
            row.is_empty() || row.chars().count() + 1 + word.chars().count() <= width
        });
        match last {
            Some(row) if row.is_empty() => row.push_str(word),
            Some(row) => {
                row.push(' ');
                row.push_str(word);
            }
            None => rows.push(word.to_owned()),
        }
    }
    rows
}

fn under_cursor(app: &App, editor: &Editor) -> (String, Vec<Line>) {
    let parsed = &app.text.parsed;
    let text = editor.text();
    let place = parsed.spans.at(editor.cursor_byte());
    if let (Some(Place::Cable(cable)), Some(patch)) = (place, &parsed.draft) {
        return cable_help(patch, cable);
    }
    let (module, here) = match place {
        Some(Place::Module(m)) => (Some(m), None),
        Some(Place::Param { module, param }) => (Some(module), Some((true, param))),
        Some(Place::Option { module, option }) => (Some(module), Some((false, option))),
        _ => (None, None),
    };
    // The kind as it stands in the text: it is known where the rest is not right yet.
    let kind = module
        .and_then(|m| parsed.spans.modules.get(m))
        .and_then(|spans| text.get(spans.kind.clone()));
    match kind.and_then(crate::modules::find) {
        Some(spec) => (spec.kind.to_owned(), module_help(spec, here)),
        None => {
            let all = crate::modules::REGISTRY.iter();
            let one = |s: &&ModuleSpec| (s.kind.to_owned(), s.doc.to_owned(), Role::Focus);
            ("modules there are".to_owned(), all.map(one).collect())
        }
    }
}

/// The thing under the cursor first, then all that the module has.
fn module_help(spec: &ModuleSpec, here: Option<(bool, usize)>) -> Vec<Line> {
    let mut lines = Vec::new();
    match here {
        Some((true, param)) => {
            let param = &spec.params[param];
            let doc = format!("{}; {}", param.doc, told(param));
            lines.push((param.name.to_owned(), doc, Role::Selection));
        }
        Some((false, option)) => {
            let option = &spec.options[option];
            let kinds = match option.kind {
                OptionKind::Choice(names) => format!(": {}", names.join(", ")),
                _ => String::new(),
            };
            let doc = format!("{}{kinds}", option.doc);
            lines.push((option.name.to_owned(), doc, Role::Selection));
        }
        None => lines.push((String::new(), spec.doc.to_owned(), Role::Muted)),
    }
    for port in spec.inputs {
        lines.push((format!("◀ {}", port.name), port.doc.to_owned(), Role::Audio));
    }
    for param in spec.params {
        let doc = format!("{}  {}", range(param), param.doc);
        lines.push((format!("● {}", param.name), doc, Role::Cv));
    }
    for option in spec.options {
        lines.push((
            format!("  {}", option.name),
            option.doc.to_owned(),
            Role::SynString,
        ));
    }
    for port in spec.outputs {
        lines.push((format!("○ {}", port.name), port.doc.to_owned(), Role::Audio));
    }
    lines
}

/// "20 Hz..20 kHz, usually 1 kHz; also follows the tempo: 1/8"
fn told(param: &ParamSpec) -> String {
    let usual = bound(param, param.default);
    let tempo = match param.unit.follows_tempo() {
        true => "; or a note length such as 1/8",
        false => "",
    };
    format!("{}, usually {usual}{tempo}", range(param))
}

fn cable_help(patch: &Patch, cable: usize) -> (String, Vec<Line>) {
    let Some(cable) = patch.cables.get(cable) else {
        return (String::new(), Vec::new());
    };
    let from = &patch.modules[cable.from.node];
    let output = &from.spec.outputs[cable.from.port];
    let to = &patch.modules[cable.to.node];
    let mut lines = vec![(
        format!("○ {}", output.name),
        format!("{} of {}: {}", output.name, from.spec.kind, output.doc),
        Role::Selection,
    )];
    let (name, doc, into) = match cable.to.input {
        Input::Port(port) => {
            let port = &to.spec.inputs[port];
            (port.name, port.doc.to_owned(), AmountIn::Port(port.signal))
        }
        Input::Param(param) => {
            let spec = &to.spec.params[param];
            let now = format_value(spec, to.params[param]);
            let doc = format!("{}; {}; now {now}", spec.doc, told(spec));
            (spec.name, doc, AmountIn::Param(spec))
        }
    };
    lines.push((
        format!("◀ {name}"),
        format!("{name} of {}: {doc}", to.spec.kind),
        Role::Selection,
    ));
    let amount = difference::amount(patch, cable).unwrap_or_else(|| "1".to_owned());
    lines.push((
        "* amount".to_owned(),
        format!("{amount}; {}", amount_hint(into)),
        Role::Cv,
    ));
    (difference::cable(patch, cable), lines)
}

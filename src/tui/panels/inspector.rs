//! The module in focus: what it is, every knob's place, and the field in focus with its range and cables.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::modules::spec::{Scale, Signal, Width};
use crate::patch::value::{bound, format_value};
use crate::patch::{Input, Patch, Source};
use crate::tui::app::App;
use crate::tui::difference;
use crate::tui::knob::position;
use crate::tui::levels;
use crate::tui::panels::probe;
use crate::tui::pen::{Labels, Pen, bar, panel};
use crate::tui::screens::patch::knobs::value_of;
use crate::tui::screens::patch::{Field, Row};
use crate::tui::theme::Role;
use crate::tui::words;

pub fn draw(app: &App, patch: &Patch, row: Option<&Row>, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let scope = probe::height(app, area.height);
    let below = Rect {
        y: area.bottom() - scope,
        height: scope,
        ..area
    };
    probe::draw(app, below, buf);
    let area = Rect {
        height: area.height - scope,
        ..area
    };
    let Some(row) = row else {
        panel(buf, area, theme, &Labels::default());
        return;
    };
    let node = &patch.modules[row.node];
    let spec = node.spec;
    let title = format!("{}: {}", node.name, spec.kind);
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        ..Labels::default()
    };
    let inner = panel(buf, area, theme, &labels);
    let inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    let muted = theme.style(Role::Muted);
    let text = theme.style(Role::Text);
    let mut y = 0;
    for line in words::wrapped(spec.doc, usize::from(inner.width)) {
        Pen::row(buf, inner, y).text(line, muted);
        y += 1;
    }
    y += 1;
    for (i, param) in spec.params.iter().enumerate() {
        let value = value_of(app, node, i);
        let here = row.field == Field::Param(i);
        let name = match here {
            true => theme.style(Role::Focus).add_modifier(Modifier::BOLD),
            false => text,
        };
        let mut pen = Pen::row(buf, inner, y);
        pen.cell(param.name, 10, name).cell(
            format_value(param, value),
            9,
            theme.style(Role::SynNumber),
        );
        let width = pen.room().min(20);
        let place = position(param, value.at_tempo(param, app.view.bpm));
        let role = if here { Role::Focus } else { Role::Cv };
        bar(
            &mut pen,
            width,
            place,
            app.options.glyphs,
            theme.style(Role::Border),
            |_| theme.style(role),
        );
        y += 1;
    }
    y += 1;
    for (line, role) in about(app, patch, row) {
        for line in words::wrapped(&line, usize::from(inner.width)) {
            Pen::row(buf, inner, y).text(line, theme.style(role));
            y += 1;
        }
    }
}

/// What is to be said of the field in focus.
fn about(app: &App, patch: &Patch, row: &Row) -> Vec<(String, Role)> {
    let node = &patch.modules[row.node];
    let spec = node.spec;
    let mut lines = Vec::new();
    let mut say = |text: String, role| lines.push((text, role));
    let port = |signal: Signal, width: Width| {
        let signal = match signal {
            Signal::Audio => "audio",
            Signal::Pitch => "pitch, octaves above C4",
            Signal::Cv => "cv",
            Signal::Gate => "gate, open at 0.5",
        };
        match width {
            Width::Mono => signal.to_owned(),
            Width::Stereo => format!("{signal}, stereo"),
        }
    };
    match row.field {
        Field::Param(i) => {
            let param = &spec.params[i];
            say(format!("{}: {}", param.name, param.doc), Role::Text);
            let scale = match param.scale {
                Scale::Linear => "linear",
                Scale::Log => "log",
            };
            let (low, high) = (bound(param, param.min), bound(param, param.max));
            say(format!("{low} .. {high}, {scale}"), Role::Muted);
            let default = crate::modules::spec::ParamValue::Fixed(param.default);
            say(
                format!("default {}", format_value(param, default)),
                Role::Muted,
            );
            if let Some([low, high]) = levels::live_range(app, patch, row.node, i) {
                let show = |v| format_value(param, crate::modules::spec::ParamValue::Fixed(v));
                say(format!("live {}..{}", show(low), show(high)), Role::Live);
            }
        }
        Field::Choice(i) => {
            let option = &spec.options[i];
            say(format!("{}: {}", option.name, option.doc), Role::Text);
            if let crate::modules::spec::OptionKind::Choice(names) = option.kind {
                say(names.join(" "), Role::Muted);
            }
            say("←→ or Enter; built anew".into(), Role::Muted);
        }
        Field::In(i) => {
            let input = &spec.inputs[i];
            say(format!("{}: {}", input.name, input.doc), Role::Text);
            say(port(input.signal, input.width), Role::Muted);
        }
        Field::Out(i) => {
            let output = &spec.outputs[i];
            say(format!("{}: {}", output.name, output.doc), Role::Text);
            say(port(output.signal, output.width), Role::Muted);
        }
    }
    for cable in &patch.cables {
        let into = |input| cable.to.node == row.node && cable.to.input == input;
        let touches = match row.field {
            Field::Param(i) => into(Input::Param(i)),
            Field::In(i) => into(Input::Port(i)),
            Field::Out(port) => {
                cable.from
                    == Source {
                        node: row.node,
                        port,
                    }
            }
            Field::Choice(_) => false,
        };
        if touches {
            let level = levels::text(app, patch, cable.from);
            say(
                format!("{}  {level}", difference::cable(patch, cable)),
                Role::Cv,
            );
            if cable.feedback {
                say("  feedback, 64 frames late".into(), Role::Muted);
            }
        }
    }
    let knob = |target: &crate::patch::MacroTarget| {
        target.target.node == row.node
            && matches!((target.target.input, row.field), (Input::Param(a), Field::Param(b)) if a == b)
    };
    for each in patch.macros.iter().filter(|m| m.to.iter().any(knob)) {
        say(format!("macro {}", each.name), Role::Primed);
    }
    lines
}

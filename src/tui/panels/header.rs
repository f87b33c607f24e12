//! The first row: screen, layer, transport, both slots' states in words, what was missed, CPU.
use std::sync::atomic::Ordering;

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::control::command::SlotId;
use crate::control::position::bar_text;
use crate::tui::app::{App, Layer};
use crate::tui::mouse::Spot;
use crate::tui::pen::{Pen, clip, columns};
use crate::tui::theme::Role;
use crate::tui::words;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let (view, reading) = (&app.view, &app.reading);
    let wide = area.width >= 110;
    let tail = tail(app, wide);
    let bold = Modifier::BOLD;
    let mut pen = Pen::row(buf, area, 0);
    pen.text(
        format!(" {} ", app.screen.name()),
        theme.style(Role::Selection).add_modifier(bold),
    );
    let layer_role = match app.layer {
        Layer::Nav => Role::Text,
        Layer::Keys => Role::Gate,
        Layer::Edit => Role::Primed,
    };
    pen.gap(1)
        .text(app.layer.name(), theme.style(layer_role).add_modifier(bold));
    let (sign, sign_role) = match view.playing {
        true => ("▶", Role::Live),
        false => ("■", Role::Muted),
    };
    pen.gap(if wide { 3 } else { 1 })
        .text(sign, theme.style(sign_role));
    pen.text(format!("{:.1}", view.bpm), theme.style(Role::Text));
    let bar = bar_text(&view.transport, reading.frame);
    pen.gap(if wide { 2 } else { 1 })
        .text(&bar, theme.style(Role::Text).add_modifier(bold));
    // The names share what is left between them.
    let states = SlotId::BOTH.map(|slot| {
        let (word, role) = words::state(view, slot);
        (slot, word + &words::armed(view, slot), role)
    });
    let fixed: u16 = states.iter().map(|(_, word, _)| columns(word) + 4).sum();
    let tail_width: u16 = tail.iter().map(|(text, _)| columns(text)).sum();
    let room = usize::from(pen.room().saturating_sub(fixed + tail_width));
    let names = SlotId::BOTH.map(|slot| words::short_name(app.slot(slot)));
    let lengths = [0, 1].map(|i| usize::from(columns(&names[i])).min(16));
    let first = lengths[0].min((room / 2).max(room.saturating_sub(lengths[1])));
    let limits = [first, lengths[1].min(room.saturating_sub(first))];
    let gap = if wide { 3 } else { 1 };
    for (slot, word, role) in states {
        let name = clip(&names[slot.index()], limits[slot.index()]);
        let from = pen.x();
        pen.gap(gap).text(
            slot.name(),
            theme.style(words::slot_role(slot)).add_modifier(bold),
        );
        if !name.is_empty() {
            pen.gap(1).text(name, theme.style(words::slot_role(slot)));
        }
        pen.gap(1).text(word, theme.style(role).add_modifier(bold));
        let place = Rect::new(from, area.y, pen.x().saturating_sub(from), 1);
        app.spots.note(place, Spot::Slot(slot));
    }
    for (text, role) in tail.iter().rev() {
        pen.right(text, theme.style(*role));
    }
}

/// "none 0 xrun 0 cpu 14% "
fn tail(app: &App, wide: bool) -> Vec<(String, Role)> {
    let reading = &app.reading;
    let counted = |n: u64| if n == 0 { Role::Muted } else { Role::Failed };
    let none = reading.none_reads();
    let load: f32 = reading.slots.iter().map(|s| s.load).sum();
    let mut tail = vec![
        (format!(" none {none}"), counted(none)),
        (format!(" xrun {}", reading.xruns), counted(reading.xruns)),
        (
            format!(" cpu {:.0}% ", load * 100.0),
            if load > 0.8 {
                Role::Failed
            } else {
                Role::Muted
            },
        ),
    ];
    if let Some(recording) = &app.view.recording {
        let frames = recording.frames.load(Ordering::Relaxed) as f64;
        let seconds = (frames / reading.rate.max(1.0)) as u64;
        let text = format!(" REC {:02}:{:02}", seconds / 60, seconds % 60);
        tail.insert(0, (text, Role::Failed));
    }
    match app.view.device_problem {
        Some(_) if wide => tail.insert(0, ("no device ".to_owned(), Role::Failed)),
        // In its place: what a load means without one is nothing.
        Some(_) => {
            tail.pop();
            tail.push((" NO DEVICE ".to_owned(), Role::Failed));
        }
        None if wide => {
            let device = format!("{} ", clip(&app.view.device, 20));
            tail.insert(0, (device, Role::Muted));
        }
        None => {}
    }
    tail
}

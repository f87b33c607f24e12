//! A list to pick from by a few letters: kinds of modules with their ports, ends of cables, cables.
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::patch::Cable;
use crate::tui::app::App;
use crate::tui::fuzzy;
use crate::tui::overlays::{Overlay, middle, type_key};
use crate::tui::pen::{Labels, Pen, columns, panel, tail, wipe};
use crate::tui::screens::patch::{Field, edits};
use crate::tui::theme::Role;

pub struct Pick {
    title: String,
    /// What is typed; behind a `*` the amount of a cable.
    line: String,
    picked: usize,
    items: Vec<Item>,
    then: Then,
}

/// One entry.
#[derive(Clone, Default)]
pub struct Item {
    pub label: String,
    pub tag: String,
    pub doc: String,
    /// Shown beside the list while it is picked.
    pub more: Vec<String>,
    /// As patches write it, where the label has more.
    pub name: String,
    /// Other names that find it.
    pub also: Vec<String>,
    pub cable: Option<Cable>,
    /// A module, and a row of it.
    pub place: Option<(usize, Option<Field>)>,
}

/// What picking does.
#[derive(Clone)]
pub enum Then {
    Add,
    Replace { module: String },
    WireTo { from: String },
    WireFrom { to: String },
    Cut,
    Amount,
    Go,
}

impl Item {
    pub fn new(label: &str, tag: &str, doc: &str) -> Self {
        Self {
            label: label.to_owned(),
            tag: tag.to_owned(),
            doc: doc.to_owned(),
            ..Self::default()
        }
    }

    pub fn naming(self, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..self
        }
    }

    pub fn going_to(self, node: usize, field: Option<Field>) -> Self {
        Self {
            place: Some((node, field)),
            ..self
        }
    }
}

impl Pick {
    pub fn type_text(&mut self, text: &str) {
        self.line += text;
        self.picked = 0;
    }

    /// Best first; as they came where nothing is typed.
    fn found(&self) -> Vec<&Item> {
        let query = self.line.split('*').next().unwrap_or_default().trim();
        let score = |item: &Item| {
            // The patch's own short name counts too: "vcf" is its first input.
            let own = Some(&item.name).filter(|n| !n.is_empty());
            let names = std::iter::once(&item.label).chain(own).chain(&item.also);
            let by_label = names.filter_map(|n| fuzzy::score(query, n)).max();
            let by_label = by_label.map(|s| s + 40);
            // In the description only whole words, or everything would match.
            let tail = format!("{} {}", item.tag, item.doc).to_lowercase();
            let by_doc = (query.len() >= 3 && tail.contains(&query.to_lowercase())).then_some(-80);
            by_label.or(by_doc)
        };
        let scored = self.items.iter().enumerate();
        let mut scored: Vec<_> = scored
            .filter_map(|(i, item)| Some((score(item)?, i, item)))
            .collect();
        if !query.is_empty() {
            scored.sort_by_key(|(score, i, _)| (-score, *i));
        }
        scored.into_iter().map(|(_, _, item)| item).collect()
    }

    fn amount(&self) -> Option<String> {
        let (_, amount) = self.line.split_once('*')?;
        let amount = amount.trim();
        (!amount.is_empty()).then(|| amount.to_owned())
    }
}

pub fn open(app: &mut App, title: &str, items: Vec<Item>, then: Then) {
    app.overlay = Some(Overlay::Pick(Pick {
        title: title.to_owned(),
        line: String::new(),
        picked: 0,
        items,
        then,
    }));
}

pub fn on_key(app: &mut App, mut pick: Pick, key: &KeyEvent) -> Option<Pick> {
    let last = pick.found().len().saturating_sub(1);
    match key.code {
        KeyCode::Esc => return None,
        KeyCode::Up => pick.picked = pick.picked.saturating_sub(1),
        KeyCode::Down => pick.picked = (pick.picked + 1).min(last),
        KeyCode::PageUp => pick.picked = pick.picked.saturating_sub(8),
        KeyCode::PageDown => pick.picked = (pick.picked + 8).min(last),
        KeyCode::Tab => {
            if let Some(item) = pick.found().get(pick.picked) {
                pick.line = item.label.clone();
                pick.picked = 0;
            }
        }
        KeyCode::Enter => {
            let item = pick.found().get(pick.picked).map(|item| (*item).clone());
            let Some(item) = item else {
                app.complain(format!("nothing here is called `{}`", pick.line.trim()));
                return Some(pick);
            };
            let amount = pick.amount();
            edits::picked(app, pick.then, &item, amount);
            return None;
        }
        _ => {
            if type_key(&mut pick.line, key) {
                pick.picked = 0;
            }
        }
    }
    Some(pick)
}

pub fn draw(app: &App, pick: &Pick, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let found = pick.found();
    let beside = pick.items.iter().any(|i| !i.more.is_empty()) && area.width >= 70;
    let width = if beside { 110 } else { 76 };
    let area = middle(area, width, area.height.saturating_sub(3).min(24));
    wipe(buf, area, theme);
    let count = format!("{} of {}  Enter takes it", found.len(), pick.items.len());
    let labels = Labels {
        title: &pick.title,
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: &count,
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let mut pen = Pen::row(buf, inner, 0);
    pen.gap(1).text("> ", theme.style(Role::Focus));
    let room = usize::from(pen.room().saturating_sub(1));
    pen.text(
        tail(&pick.line, room),
        theme.style(Role::Text).add_modifier(Modifier::BOLD),
    );
    let cursor = Position::new(pen.x().min(inner.right().saturating_sub(1)), inner.y);
    let list = Rect {
        width: if beside { inner.width / 2 } else { inner.width },
        ..inner
    };
    let label = pick.items.iter().map(|i| columns(&i.label)).max();
    let label = label.unwrap_or(8).clamp(8, 28) + 1;
    let rows = usize::from(list.height.saturating_sub(1));
    let top = (pick.picked + 1).saturating_sub(rows);
    for (row, (i, item)) in (1..list.height).zip(found.iter().enumerate().skip(top)) {
        let picked = i == pick.picked;
        if picked {
            let whole = Rect::new(list.x, list.y + row, list.width, 1);
            buf.set_style(whole, theme.raised());
        }
        let mut pen = Pen::row(buf, list, row);
        pen.text(if picked { "▸" } else { " " }, theme.style(Role::Focus));
        pen.cell(&item.label, label, theme.style(Role::Text));
        if !item.tag.is_empty() {
            pen.cell(&item.tag, 11, theme.style(Role::Cv));
        }
        pen.cell(&item.doc, pen.room(), theme.style(Role::Muted));
    }
    if let Some(item) = found.get(pick.picked).filter(|_| beside) {
        more(app, item, inner, list.width, buf);
    }
    Some(cursor)
}

/// What the picked entry has, line by line.
fn more(app: &App, item: &Item, inner: Rect, left: u16, buf: &mut Buffer) {
    let theme = &app.theme;
    let side = Rect {
        x: inner.x + left + 1,
        y: inner.y + 1,
        width: inner.width.saturating_sub(left + 1),
        height: inner.height.saturating_sub(1),
    };
    let doc = std::iter::once(&item.doc);
    for (y, line) in (0..side.height).zip(doc.chain(&item.more)) {
        let role = match line.chars().next() {
            Some('◀') => Role::Audio,
            Some('○') => Role::Live,
            Some('●' | '▪') => Role::Cv,
            _ => Role::Text,
        };
        let (head, tail) = line.split_at(line.find(':').unwrap_or(line.len()));
        let mut pen = Pen::row(buf, side, y);
        pen.text(head, theme.style(role));
        pen.cell(tail, pen.room(), theme.style(Role::Muted));
    }
}

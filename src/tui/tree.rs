//! The undo tree on the Log screen: what was done when, what sounded, and a leap to any step of it.
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::control::command::{Answer, At, Command, Request};
use crate::control::tree::Branch;

use super::app::App;
use super::pen::{Labels, Pen, panel};
use super::theme::Role;

/// Forks that are drawn beside each other; deeper ones share the last place.
const MOST_INDENT: usize = 6;

/// What of the tree is shown.
#[derive(Default)]
pub struct TreeView {
    pub open: bool,
    branches: Vec<Branch>,
    /// Forks above each step that it is no first child of.
    indents: Vec<usize>,
    version: Option<u64>,
    /// A tree that was asked for, as of a version. Nobody waits for it: it is there a frame or two later.
    asked: Option<(u64, Receiver<Answer>)>,
    /// Row from the top; the first row is the beginning.
    picked: usize,
}

impl TreeView {
    fn take(&mut self, branches: Vec<Branch>, version: u64) {
        let followed = self.version.is_none()
            || self
                .branches
                .get(self.picked.wrapping_sub(1))
                .is_none_or(|b| b.here);
        self.indents = indents(&branches);
        self.branches = branches;
        self.version = Some(version);
        if followed {
            self.picked = self
                .branches
                .iter()
                .position(|b| b.here)
                .map_or(0, |i| i + 1);
        }
        self.picked = self.picked.min(self.branches.len());
    }

    pub fn move_by(&mut self, rows: isize) {
        self.picked = self
            .picked
            .saturating_add_signed(rows)
            .min(self.branches.len());
    }
}

/// A step that goes on from a step which has gone on otherwise stands further in.
fn indents(branches: &[Branch]) -> Vec<usize> {
    let mut indents: Vec<usize> = Vec::with_capacity(branches.len());
    let mut places = std::collections::HashMap::new();
    let mut went_on = std::collections::HashSet::new();
    for (i, branch) in branches.iter().enumerate() {
        let above = branch
            .parent
            .and_then(|p| places.get(&p))
            .map_or(0, |&p: &usize| indents[p]);
        let fork = usize::from(!went_on.insert(branch.parent));
        indents.push(above + fork);
        places.insert(branch.id, i);
    }
    indents
}

/// Opens the tree, or closes it where it is open.
pub fn toggle(app: &mut App) {
    app.tree.open = !(app.tree.open && app.screen == super::screens::Screen::Log);
    app.go(super::screens::Screen::Log);
    update(app);
}

/// Asks for the tree where it is shown and has changed.
pub fn update(app: &mut App) {
    if !app.tree.open || app.screen != super::screens::Screen::Log {
        app.tree.asked = None;
        return;
    }
    if let Some((version, answered)) = &app.tree.asked {
        let version = *version;
        match answered.try_recv() {
            Ok(Ok(Some(text))) => {
                if let Ok(branches) = serde_json::from_str(&text) {
                    app.tree.take(branches, version);
                }
            }
            Err(TryRecvError::Empty) => return,
            // Refused, or the supervisor is gone: asked again.
            _ => {}
        }
        app.tree.asked = None;
    }
    let version = app.view.tree_version;
    if app.tree.version != Some(version) {
        let (answer, answered) = channel();
        let request = Request {
            command: Command::Tree,
            at: At::Soon,
            answer: Some(answer),
        };
        if app.handle.send(request).is_ok() {
            app.tree.asked = Some((version, answered));
        }
    }
}

/// Goes to the picked step: what sounded then comes back.
pub fn leap(app: &mut App) {
    if !app.tree.open {
        return toggle(app);
    }
    let id = app
        .tree
        .picked
        .checked_sub(1)
        .and_then(|i| app.tree.branches.get(i))
        .map(|b| b.id);
    app.ask(Command::Leap(id));
    update(app);
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let tree = &app.tree;
    let foot = format!("{} steps  Enter goes there", tree.branches.len());
    let labels = Labels {
        title: "undo tree",
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: &foot,
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let rows = usize::from(inner.height);
    let top = (tree.picked + 1 + rows / 3).saturating_sub(rows);
    let at_start = !tree.branches.iter().any(|b| b.here);
    for (row, i) in (0..inner.height).zip(top..=tree.branches.len()) {
        if i == tree.picked {
            let whole = Rect::new(inner.x, inner.y + row, inner.width, 1);
            buf.set_style(whole, theme.raised());
        }
        let branch = i.checked_sub(1).and_then(|n| tree.branches.get(n));
        let (here, done) = branch.map_or((at_start, true), |b| (b.here, b.done));
        let role = match (here, done) {
            (true, _) => Role::Live,
            (_, true) => Role::Text,
            _ => Role::Muted,
        };
        let indent = i
            .checked_sub(1)
            .map_or(0, |n| tree.indents[n].min(MOST_INDENT));
        let mut pen = Pen::row(buf, inner, row);
        pen.text(
            if i == tree.picked { ">" } else { " " },
            theme.style(Role::Focus),
        );
        pen.cell(branch.map_or("", |b| &b.bar), 9, theme.style(Role::Muted));
        pen.gap(2 * indent as u16);
        pen.text(
            if here {
                "@ "
            } else if done {
                "* "
            } else {
                "o "
            },
            theme.style(role),
        );
        let words = branch.map_or("the beginning", |b| &b.words);
        let heard = branch.map_or("", |b| &b.heard);
        let room = pen.room().saturating_sub(heard.chars().count() as u16 + 1);
        pen.cell(words, room, theme.style(role));
        pen.right(heard, theme.style(Role::Muted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::color::Depth;
    use crate::tui::scene::playing;

    fn branch(id: u64, parent: Option<u64>, here: bool) -> Branch {
        Branch {
            id,
            parent,
            here,
            ..Branch::default()
        }
    }

    #[test]
    fn a_leap_is_to_the_picked_step_and_a_changed_tree_is_asked_for_again() {
        let mut scene = playing(Depth::True);
        scene.press("g u");
        assert_eq!(scene.sent(), [Command::Tree]);
        // Nobody answered: it is asked again. Then it is known, until it changes.
        scene.look();
        let version = scene.app.view.tree_version;
        let grown = [3, 7, 9].map(|id| branch(id, None, id == 9));
        scene.app.tree.asked = None;
        scene.app.tree.take(grown.to_vec(), version);
        scene.sent();
        scene.look();
        assert!(scene.sent().is_empty());
        scene.press("Up Enter");
        assert_eq!(scene.sent(), [Command::Leap(Some(7))]);
        let more = [3, 7, 9, 11].map(|id| branch(id, None, id == 11));
        scene.app.tree.take(more.to_vec(), version);
        assert_eq!(scene.app.tree.picked, 2, "what is looked at stays");
        scene.publish(|view| view.tree_version += 1);
        assert_eq!(scene.sent(), [Command::Tree]);
        // From elsewhere it comes up again, here it closes.
        scene.press("1 g u");
        assert!(scene.app.tree.open);
        scene.press("g u");
        assert!(!scene.app.tree.open);
    }

    #[test]
    fn forks_stand_further_in_and_the_place_is_followed() {
        let mut tree = TreeView::default();
        let grown = vec![
            branch(0, None, false),
            branch(1, Some(0), false),
            branch(2, Some(0), true),
            branch(3, Some(1), false),
            branch(4, None, false),
        ];
        tree.take(grown, 1);
        assert_eq!(tree.indents, [0, 0, 1, 0, 1]);
        assert_eq!(tree.picked, 3);
        tree.move_by(-10);
        assert_eq!(tree.picked, 0);
    }
}

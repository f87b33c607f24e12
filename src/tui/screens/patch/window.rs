//! Which rows of the list are on the screen: they stay where they are as long as the one in focus is among them, so that what is
//! under the mouse stays under it. Noted while they are drawn.
use std::cell::Cell;
use std::ops::Range;

use ratatui::layout::Rect;

/// Rows that are kept in sight around the one that keys move to.
const MARGIN: usize = 2;

#[derive(Debug, Default)]
pub struct Window {
    top: Cell<usize>,
    /// Where the rows are drawn, and the columns of their knobs there.
    area: Cell<Rect>,
    knobs: Cell<(u16, u16)>,
}

impl Window {
    /// The first row to be drawn; one in focus that is out of sight comes to the middle.
    pub fn draw(&self, focus: usize, count: usize, area: Rect, knobs: Range<u16>) -> usize {
        let height = usize::from(area.height);
        self.area.set(area);
        self.knobs.set((knobs.start, knobs.end));
        let top = self.top.get();
        let seen = (top..top + height).contains(&focus);
        let top = if seen {
            top
        } else {
            focus.saturating_sub(height / 2)
        };
        self.top.set(top.min(count.saturating_sub(height)));
        self.top.get()
    }

    fn height(&self) -> usize {
        usize::from(self.area.get().height)
    }

    /// Keys moved to a row: so many at either side of it are seen too.
    pub fn moved_to(&self, row: usize) {
        let height = self.height();
        let margin = MARGIN.min(height.saturating_sub(1) / 2);
        let least = (row + margin + 1).saturating_sub(height);
        self.top.set(
            self.top
                .get()
                .clamp(least, row.saturating_sub(margin).max(least)),
        );
    }

    /// Scrolls; the row in focus, which stays in sight.
    pub fn scroll(&self, by: isize, focus: usize, count: usize) -> usize {
        let height = self.height().max(1);
        let last = count.saturating_sub(height);
        let top = self.top.get().saturating_add_signed(by).min(last);
        self.top.set(top);
        focus
            .clamp(top, top + height - 1)
            .min(count.saturating_sub(1))
    }

    /// Which way to scroll for somebody who draws to a row of the screen: at its edges, and beyond them.
    pub fn beyond(&self, y: u16) -> isize {
        let area = self.area.get();
        match y {
            _ if area.height < 3 => 0,
            y if y <= area.y => -1,
            y if y + 1 >= area.bottom() => 1,
            _ => 0,
        }
    }

    /// Whether knobs stand in a column of the screen.
    pub fn is_of_knobs(&self, x: u16) -> bool {
        let (start, end) = self.knobs.get();
        (start..end).contains(&x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stay_until_the_focus_leaves_them() {
        let window = Window::default();
        let draw = |focus| window.draw(focus, 50, Rect::new(0, 3, 40, 10), 8..20);
        assert_eq!(draw(4), 0);
        assert_eq!(draw(9), 0, "the last row in sight");
        assert_eq!(draw(30), 25, "to the middle");
        assert_eq!(draw(34), 25);
        window.moved_to(34);
        assert_eq!(draw(34), 27);
        window.moved_to(28);
        assert_eq!(draw(28), 26);
        assert_eq!(window.scroll(3, 28, 50), 29, "the focus comes along");
        assert_eq!(draw(29), 29);
        assert_eq!(window.scroll(99, 29, 50), 40);
        assert_eq!(draw(40), 40);
        assert_eq!(window.scroll(-99, 40, 50), 9);
        assert_eq!(
            [2, 3, 7, 12, 13].map(|y| window.beyond(y)),
            [-1, -1, 0, 1, 1]
        );
        // A short list.
        assert_eq!(window.scroll(5, 1, 4), 1);
        assert_eq!(window.draw(1, 4, Rect::new(0, 3, 40, 10), 8..20), 0);
    }
}

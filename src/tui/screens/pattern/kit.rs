//! A drum pattern as a grid of lanes and steps. Layers that are simple enough are rewritten step by step when one is set; the others
//! keep their text, and what is set goes beside them. Pure functions.
use crate::modules::notation::{DRUMS, Drums, Event, Score, Voices, drum, read};

use super::words::spliced;

/// Grids that are tried, the usual one first.
const GRIDS: [usize; 6] = [16, 8, 32, 12, 24, 48];
/// Positions nearer than this are the same.
const NEAR: f64 = 1e-6;

/// What a drum pattern plays in a cycle.
pub struct Kit {
    score: Score,
    pub columns: usize,
}

/// A cell of the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    pub velocity: f32,
    /// It is left out now and then, or plays in other cycles only.
    pub sometimes: bool,
}

impl Kit {
    pub fn read(text: &str) -> Option<Self> {
        let score = read(text, &Drums, Voices::Lanes(DRUMS.len())).ok()?;
        let fits = |n: &usize| {
            let on_grid = |e: &Event| {
                let at = e.begin.fract() * *n as f64;
                (at - at.round()).abs() < NEAR * *n as f64
            };
            score.voices.iter().flatten().all(on_grid)
        };
        let columns = GRIDS.into_iter().find(fits).unwrap_or(GRIDS[0]);
        Some(Self { score, columns })
    }

    /// What a drum plays at a step of a cycle.
    pub fn cell(&self, lane: usize, column: usize, cycle: i64) -> Option<Cell> {
        let of_cycle = cycle.rem_euclid(i64::from(self.score.period.max(1))) as f64;
        let here = |e: &&Event| {
            let at = (e.begin - of_cycle) * self.columns as f64;
            (column as f64 - NEAR..(column + 1) as f64 - NEAR).contains(&at)
        };
        let event = self.score.voices.get(lane)?.iter().find(here)?;
        Some(Cell {
            velocity: event.value.velocity,
            sometimes: !event.conds.is_empty() || self.score.period > 1,
        })
    }

    /// Whether anything is written for a drum.
    pub fn plays(&self, lane: usize) -> bool {
        self.score.voices.get(lane).is_some_and(|v| !v.is_empty())
    }
}

/// Layers of a text, in characters: what `,` parts outside of brackets.
fn layers(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut layers = Vec::new();
    let (mut depth, mut from, mut at) = (0i32, 0, 0);
    for c in text.chars() {
        match c {
            '[' | '<' | '{' | '(' => depth += 1,
            ']' | '>' | '}' | ')' => depth -= 1,
            ',' if depth == 0 => {
                layers.push(from..at);
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    layers.push(from..at);
    layers
}

fn part(text: &str, place: &std::ops::Range<usize>) -> String {
    text.chars().skip(place.start).take(place.len()).collect()
}

/// Each step of a layer as words, where it repeats every cycle and leaves nothing to chance.
fn flat(layer: &str, columns: usize) -> Option<Vec<Vec<String>>> {
    let score = read(layer, &Drums, Voices::Lanes(DRUMS.len())).ok()?;
    if score.period != 1 {
        return None;
    }
    let mut cells = vec![Vec::new(); columns];
    for event in score.voices.iter().flatten() {
        let at = event.begin * columns as f64;
        let whole = (at - at.round()).abs() < NEAR * columns as f64;
        if !whole || !event.conds.is_empty() {
            return None;
        }
        let word = part(layer, &(event.span.0..event.span.1));
        cells.get_mut(at.round() as usize)?.push(word);
    }
    Some(cells)
}

fn written(cells: &[Vec<String>]) -> String {
    let one = |words: &Vec<String>| match &words[..] {
        [] => "~".to_owned(),
        [word] => word.clone(),
        words => format!("[{}]", words.join(",")),
    };
    cells.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn lane_of(word: &str) -> Option<usize> {
    drum(word.split([':', '=']).next().unwrap_or(word))
}

/// The text with a drum's step set, or taken away; `change` gives the new word, none for a rest.
pub fn set(
    text: &str,
    lane: usize,
    column: usize,
    columns: usize,
    change: impl Fn(Option<&str>) -> Option<String>,
) -> Result<String, String> {
    let all = layers(text);
    let name = DRUMS.get(lane).map_or("bd", |(name, _)| *name);
    let mut first = None;
    for place in &all {
        let layer = part(text, place);
        let Some(mut cells) = flat(&layer, columns) else {
            continue;
        };
        let has = |words: &Vec<String>| words.iter().any(|w| lane_of(w) == Some(lane));
        let here = cells.get(column).is_some_and(has);
        if here {
            let words = cells.get_mut(column).ok_or("no such step")?;
            let at = words.iter().position(|w| lane_of(w) == Some(lane));
            let at = at.ok_or("no such step")?;
            match change(Some(&words[at])) {
                Some(word) => words[at] = word,
                None => drop(words.remove(at)),
            }
            let indent = layer.len() - layer.trim_start().len();
            let new = format!("{}{}", &layer[..indent], written(&cells));
            return Ok(spliced(text, vec![(place.clone(), new)]));
        }
        if cells.iter().any(has) && first.is_none() {
            first = Some((place.clone(), cells, layer));
        }
    }
    let sounds = Kit::read(text).and_then(|k| k.cell(lane, column, 0));
    if sounds.is_some() {
        return Err(format!(
            "{name} is here by more than steps: E edits the text"
        ));
    }
    let Some(word) = change(None) else {
        return Ok(text.to_owned());
    };
    match first {
        Some((place, mut cells, layer)) => {
            cells[column].push(word);
            let indent = layer.len() - layer.trim_start().len();
            let new = format!("{}{}", &layer[..indent], written(&cells));
            Ok(spliced(text, vec![(place, new)]))
        }
        None => {
            let mut cells = vec![Vec::new(); columns];
            cells[column].push(word);
            let new = written(&cells);
            Ok(match text.trim() {
                "" | "~" => new,
                text => format!("{text}, {new}"),
            })
        }
    }
}

/// Whether every layer that plays a drum is muted: `[bd*4]?1` is always left out.
pub fn muted(text: &str, lane: usize) -> bool {
    let of_lane: Vec<_> = lane_layers(text, lane);
    !of_lane.is_empty() && of_lane.iter().all(|(_, layer)| unmuted(layer).is_some())
}

fn lane_layers(text: &str, lane: usize) -> Vec<(std::ops::Range<usize>, String)> {
    let plays = |layer: &str| Kit::read(layer).is_some_and(|k| k.plays(lane));
    let all = layers(text).into_iter().map(|place| {
        let layer = part(text, &place);
        (place, layer)
    });
    all.filter(|(_, layer)| plays(layer)).collect()
}

fn unmuted(layer: &str) -> Option<String> {
    let inside = layer.trim().strip_prefix('[')?.strip_suffix("]?1")?;
    Some(inside.to_owned())
}

/// The text with a drum's layers left out, or back in.
pub fn toggle_mute(text: &str, lane: usize) -> Option<String> {
    let layers = lane_layers(text, lane);
    if layers.is_empty() {
        return None;
    }
    let back = muted(text, lane);
    let parts = layers.into_iter().filter_map(|(place, layer)| {
        let indent = &layer[..layer.len() - layer.trim_start().len()];
        let new = match (unmuted(&layer), back) {
            (Some(inside), true) => inside,
            (None, false) => format!("[{}]?1", layer.trim()),
            _ => return None,
        };
        Some((place, format!("{indent}{new}")))
    });
    Some(spliced(text, parts.collect()))
}

/// Every layer moved on by so many steps, where it can be.
pub fn rotated(text: &str, lane: usize, columns: usize, by: isize) -> Option<String> {
    let (place, layer) = lane_layers(text, lane).into_iter().next()?;
    let mut cells = flat(&layer, columns)?;
    let turn = by.rem_euclid(columns as isize) as usize;
    cells.rotate_right(turn);
    let indent = &layer[..layer.len() - layer.trim_start().len()];
    let new = format!("{indent}{}", written(&cells));
    Some(spliced(text, vec![(place, new)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toggled(text: &str, lane: usize, column: usize) -> Result<String, String> {
        let columns = Kit::read(text).expect("reads").columns;
        set(text, lane, column, columns, |now| match now {
            Some(_) => None,
            None => Some(DRUMS[lane].0.to_owned()),
        })
    }

    #[test]
    fn steps_are_set_and_taken_away_in_their_layer() {
        let text = "bd*4, ~ sd ~ sd";
        let with = toggled(text, 0, 2).expect("set");
        assert_eq!(with, "bd ~ bd ~ bd ~ ~ ~ bd ~ ~ ~ bd ~ ~ ~, ~ sd ~ sd");
        let without = toggled(&with, 0, 2).expect("taken");
        let kit = Kit::read(&without).expect("reads");
        let played: Vec<_> = (0..16).filter(|c| kit.cell(0, *c, 0).is_some()).collect();
        assert_eq!(played, [0, 4, 8, 12]);
        assert!(kit.cell(1, 4, 0).is_some(), "another layer stays");
        let new = toggled(text, 2, 1).expect("a new layer");
        assert!(new.starts_with("bd*4, ~ sd ~ sd, ~ hh ~"), "{new}");
    }

    #[test]
    fn what_is_more_than_steps_keeps_its_text() {
        let text = "bd(3,8)?, hh*8";
        assert!(toggled(text, 0, 0).is_err());
        let with = toggled(text, 0, 1).expect("beside it");
        assert!(with.starts_with("bd(3,8)?, hh*8, ~ bd"), "{with}");
        assert_eq!(Kit::read("bd*3, sd*4").expect("reads").columns, 12);
    }

    #[test]
    fn a_muted_drum_is_silent_and_comes_back_as_it_was() {
        let text = "bd*4, ~ sd:0.5 <sd ~> sd";
        let mute = toggle_mute(text, 1).expect("there");
        assert_eq!(mute, "bd*4, [~ sd:0.5 <sd ~> sd]?1");
        assert!(muted(&mute, 1) && !muted(&mute, 0));
        assert_eq!(toggle_mute(&mute, 1).as_deref(), Some(text));
        assert_eq!(toggle_mute(text, 5), None);
        let score = read(&mute, &Drums, Voices::Lanes(DRUMS.len())).expect("reads");
        let sounds = |period| score.voices[1].iter().any(|e| score.sounds(period, e, 7));
        assert!(!(0..500).any(sounds));
    }

    #[test]
    fn a_drum_of_several_layers_is_muted_in_all_of_them() {
        let text = "bd*4, ~ sd, hh*8,  sd(3,8)";
        let mute = toggle_mute(text, 1).expect("there");
        assert_eq!(mute, "bd*4, [~ sd]?1, hh*8,  [sd(3,8)]?1");
        assert_eq!(toggle_mute(&mute, 1).as_deref(), Some(text));
        // One that was left out by hand stays so while the other is muted, and none is muted twice.
        let half = "bd*4, [~ sd]?1, hh*8,  sd(3,8)";
        assert!(!muted(half, 1), "it is heard");
        assert_eq!(toggle_mute(half, 1).as_deref(), Some(mute.as_str()));
    }

    #[test]
    fn a_lane_is_turned_round() {
        let turned = rotated("bd*4, hh", 0, 16, 1).expect("flat");
        assert!(turned.starts_with("~ bd ~ ~ ~ bd"), "{turned}");
        assert!(turned.ends_with(", hh"));
    }
}

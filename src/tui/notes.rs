//! The KEYS layer: the computer keyboard as two rows of piano keys, with and without reports of released keys. Pure; the screen
//! sends what comes out.
use std::time::{Duration, Instant};

/// Same-key presses closer than this are the terminal's auto-repeat, never a new note.
const REPEAT: Duration = Duration::from_millis(60);

/// How long a note sounds where the terminal does not report releases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyMode {
    /// A fixed length.
    #[default]
    Gate,
    /// A press starts it, the next press of the key ends it.
    Latch,
    /// A press ends the note before it.
    Legato,
}

impl KeyMode {
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "gate" => Self::Gate,
            "latch" => Self::Latch,
            "legato" => Self::Legato,
            _ => return None,
        })
    }

    pub fn next(self) -> Self {
        match self {
            Self::Gate => Self::Latch,
            Self::Latch => Self::Legato,
            Self::Legato => Self::Gate,
        }
    }
}

/// A note to start or to end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NoteOut {
    On { note: u8, velocity: f32 },
    Off { note: u8 },
}

#[derive(Clone, Copy, Debug)]
struct Held {
    key: char,
    note: u8,
    /// Ends by itself at this time.
    until: Option<Instant>,
    /// Released, but sustain keeps it.
    released: bool,
}

/// The keyboard's state.
#[derive(Debug)]
pub struct NoteKeys {
    pub mode: KeyMode,
    /// The octave of the lower row's first key.
    pub octave: i32,
    pub velocity: f32,
    /// The gate's length in beats, and as the user wrote it.
    pub gate_beats: f64,
    pub gate_text: String,
    pub sustain: bool,
    /// The terminal reports releases: seen, not assumed.
    pub releases: bool,
    /// The note played last, for the badge.
    pub last: Option<u8>,
    layout: usize,
    held: Vec<Held>,
    /// The key pressed last and when, to tell auto-repeat.
    pressed: Option<(char, Instant)>,
}

/// Physical keys in chromatic order, by keyboard layout: from C in the lower row, and from the C above in the upper one.
const LAYOUTS: [(&str, &str, &str); 4] = [
    ("qwerty", "zsxdcvgbhnjm,l.;/", "q2w3er5t6y7ui9o0p"),
    ("qwertz", "ysxdcvgbhnjm,l.", "q2w3er5t6z7ui9o0p"),
    ("azerty", "wsxdcvgbhnj,;l:m!", "aéz\"er(t-yèuiçoàp"),
    ("dvorak", ";oqejkixdbhmwnvsz", "'2,3.p5y6f7gc9r0l"),
];

impl Default for NoteKeys {
    fn default() -> Self {
        Self {
            mode: KeyMode::Gate,
            octave: 4,
            velocity: 0.8,
            gate_beats: 0.5,
            gate_text: "1/8".to_owned(),
            sustain: false,
            releases: false,
            last: None,
            layout: 0,
            held: Vec::new(),
            pressed: None,
        }
    }
}

impl NoteKeys {
    /// The names of the keyboard layouts.
    pub fn layouts() -> impl Iterator<Item = &'static str> + Clone {
        LAYOUTS.iter().map(|(name, ..)| *name)
    }

    /// Whether a key is a note in some layout that there is.
    pub fn is_note(key: char) -> bool {
        let rows = LAYOUTS.iter().map(|(_, lower, upper)| (*lower, *upper));
        rows.clone()
            .any(|(lower, upper)| lower.contains(key) || upper.contains(key))
    }

    pub fn layout(&self) -> &'static str {
        LAYOUTS[self.layout].0
    }

    pub fn set_layout(&mut self, name: &str) -> bool {
        let found = LAYOUTS.iter().position(|(n, ..)| *n == name);
        self.layout = found.unwrap_or(self.layout);
        found.is_some()
    }

    /// MIDI note of a key, where it is one.
    pub fn note_of(&self, key: char) -> Option<u8> {
        let key = key.to_lowercase().next()?;
        let (_, lower, upper) = LAYOUTS[self.layout];
        let place = |row: &str| row.chars().position(|c| c == key);
        let semitones = place(lower).or_else(|| place(upper).map(|n| n + 12))?;
        let note = (self.octave + 1) * 12 + semitones as i32;
        (0..=127).contains(&note).then_some(note as u8)
    }

    /// A key went down. `beat` is the length of a beat.
    pub fn press(&mut self, key: char, now: Instant, beat: Duration) -> Vec<NoteOut> {
        let before = self.pressed.replace((key, now));
        let repeated = before.is_some_and(|(k, at)| k == key && now.duration_since(at) < REPEAT);
        let Some(note) = self.note_of(key).filter(|_| !repeated) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let was_held = self.end_key(key, &mut out);
        if self.mode == KeyMode::Latch && !self.releases && was_held {
            return out;
        }
        if self.mode == KeyMode::Legato {
            self.end_all(&mut out);
        }
        // The same pitch from another key is one note.
        self.held.retain(|h| h.note != note);
        let fixed = self.mode == KeyMode::Gate && !self.releases;
        self.held.push(Held {
            key,
            note,
            until: fixed.then(|| now + beat.mul_f64(self.gate_beats)),
            released: false,
        });
        self.last = Some(note);
        out.push(NoteOut::On {
            note,
            velocity: self.velocity,
        });
        out
    }

    /// A key went up: only some terminals tell.
    pub fn release(&mut self, key: char) -> Vec<NoteOut> {
        if !self.releases {
            self.releases = true;
            // From here on releases end notes; those that have a fixed length still end by themselves.
            self.held.retain(|h| h.until.is_some() || h.key == key);
        }
        let mut out = Vec::new();
        if self.sustain {
            for held in self.held.iter_mut().filter(|h| h.key == key) {
                held.released = true;
                held.until = None;
            }
        } else {
            self.end_key(key, &mut out);
        }
        out
    }

    /// Notes whose time is over.
    pub fn tick(&mut self, now: Instant) -> Vec<NoteOut> {
        let mut out = Vec::new();
        if !self.sustain {
            self.end_where(&mut out, |h| h.until.is_some_and(|until| until <= now));
        }
        out
    }

    /// When [`Self::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.held
            .iter()
            .filter(|_| !self.sustain)
            .filter_map(|h| h.until)
            .min()
    }

    /// Switches sustain; switched off, it ends what only it was holding.
    pub fn toggle_sustain(&mut self) -> Vec<NoteOut> {
        self.sustain = !self.sustain;
        let mut out = Vec::new();
        if !self.sustain {
            self.end_where(&mut out, |h| h.released);
        }
        out
    }

    /// Ends everything: the layer is left, or the terminal lost the focus.
    pub fn all_off(&mut self) -> Vec<NoteOut> {
        let mut out = Vec::new();
        self.end_all(&mut out);
        self.sustain = false;
        self.pressed = None;
        out
    }

    pub fn sounding(&self) -> usize {
        self.held.len()
    }

    pub fn shift_octave(&mut self, by: i32) {
        self.octave = (self.octave + by).clamp(0, 8);
    }

    pub fn shift_velocity(&mut self, by: f32) {
        self.velocity = ((self.velocity + by) * 10.0).round().clamp(1.0, 10.0) / 10.0;
    }

    /// "keys:gate 1/8", "keys:release", "keys:latch", …
    pub fn badge(&self) -> String {
        match self.mode {
            KeyMode::Legato => "keys:legato".to_owned(),
            _ if self.releases => "keys:release".to_owned(),
            KeyMode::Gate => format!("keys:gate {}", self.gate_text),
            KeyMode::Latch => "keys:latch".to_owned(),
        }
    }

    fn end_key(&mut self, key: char, out: &mut Vec<NoteOut>) -> bool {
        let before = out.len();
        self.end_where(out, |h| h.key == key);
        out.len() > before
    }

    fn end_all(&mut self, out: &mut Vec<NoteOut>) {
        self.end_where(out, |_| true);
    }

    fn end_where(&mut self, out: &mut Vec<NoteOut>, ends: impl Fn(&Held) -> bool) {
        self.held.retain(|held| {
            let end = ends(held);
            if end {
                out.push(NoteOut::Off { note: held.note });
            }
            !end
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAT: Duration = Duration::from_millis(500);

    fn on(out: &[NoteOut]) -> Vec<u8> {
        out.iter()
            .filter_map(|o| match o {
                NoteOut::On { note, .. } => Some(*note),
                NoteOut::Off { .. } => None,
            })
            .collect()
    }

    fn off(out: &[NoteOut]) -> Vec<u8> {
        out.iter()
            .filter_map(|o| match o {
                NoteOut::Off { note } => Some(*note),
                NoteOut::On { .. } => None,
            })
            .collect()
    }

    #[test]
    fn both_rows_are_chromatic_in_every_layout() {
        for name in NoteKeys::layouts() {
            let mut keys = NoteKeys::default();
            assert!(keys.set_layout(name));
            let (_, lower, upper) = LAYOUTS[keys.layout];
            for (row, base) in [(lower, 60), (upper, 72)] {
                for (i, key) in row.chars().enumerate() {
                    assert_eq!(keys.note_of(key), Some(base + i as u8), "{name} {key}");
                }
            }
        }
    }

    #[test]
    fn a_gate_ends_by_itself_after_its_length() {
        let (mut keys, start) = (NoteKeys::default(), Instant::now());
        assert_eq!(on(&keys.press('z', start, BEAT)), [60]);
        let end = keys.deadline().expect("deadline");
        assert_eq!(end - start, BEAT / 2);
        assert!(keys.tick(end - Duration::from_millis(1)).is_empty());
        assert_eq!(off(&keys.tick(end)), [60]);
        assert_eq!(keys.sounding(), 0);
    }

    #[test]
    fn auto_repeat_plays_nothing() {
        let (mut keys, start) = (NoteKeys::default(), Instant::now());
        keys.press('z', start, BEAT);
        for n in 1..20 {
            let at = start + Duration::from_millis(33 * n);
            assert!(keys.press('z', at, BEAT).is_empty());
        }
        let later = start + Duration::from_millis(33 * 19 + 100);
        assert_eq!(on(&keys.press('z', later, BEAT)), [60]);
    }

    #[test]
    fn a_terminal_that_reports_releases_holds_notes() {
        let (mut keys, start) = (NoteKeys::default(), Instant::now());
        keys.press('z', start, BEAT);
        assert_eq!(off(&keys.release('z')), [60]);
        assert_eq!(keys.badge(), "keys:release");
        keys.press('x', start + BEAT, BEAT);
        assert_eq!(keys.deadline(), None);
        assert!(keys.tick(start + BEAT * 100).is_empty());
        keys.toggle_sustain();
        assert!(keys.release('x').is_empty());
        assert_eq!(off(&keys.toggle_sustain()), [62]);
    }

    #[test]
    fn latch_and_legato_do_as_they_say() {
        let start = Instant::now();
        let at = |n: u32| start + Duration::from_millis(100) * n;
        let mut keys = NoteKeys {
            mode: KeyMode::Latch,
            ..NoteKeys::default()
        };
        assert_eq!(on(&keys.press('z', at(0), BEAT)), [60]);
        assert_eq!(on(&keys.press('x', at(1), BEAT)), [62]);
        let out = keys.press('z', at(2), BEAT);
        assert_eq!((on(&out), off(&out)), (vec![], vec![60]));
        keys.mode = KeyMode::Legato;
        let out = keys.press('c', at(3), BEAT);
        assert_eq!((on(&out), off(&out)), (vec![64], vec![62]));
        assert_eq!(off(&keys.all_off()), [64]);
    }
}

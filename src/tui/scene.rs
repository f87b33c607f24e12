//! A stage for tests: an instrument that is only told about, with two patches, meters and a few events.
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, KeyEvent};
use ratatui::{buffer::Buffer, layout::Rect};

use crate::control::command::{Command, SlotId};
use crate::control::event::{Event, Loaded, SlotView, View, What};
use crate::control::handle::{Board, Handle, Message, Meters};
use crate::control::queue::Receiver;
use crate::control::reading::{CallbackReading, Reading, SlotReading, Spread};
use crate::control::slot::SlotState;
use crate::graph::prime::PrimeReport;
use crate::patch::file::parse;

use super::app::App;
use super::chord::Chord;
use super::color::Depth;
use super::draw::draw_into;
use super::options::Options;

pub const ACID: &str = r#"(
  name: "acid bass", bpm: 132,
  modules: (
    seq: Seq(rate: "1/16", gate: 0.6, steps: "C2 C2 Eb2! - C3~ G1 C2! Bb1"),
    vco: Sine(),
    env: Adsr(a: "2ms", d: "180ms", s: 0, r: "40ms"),
    lfo: Lfo(rate: "0.13Hz", shape: Tri),
    vca: Vca(),
    pan: Pan(),
    out: Out(gain: "-9dB"),
  ),
  cables: [
    "vco > vca > pan > out",
    "seq.pitch > vco.pitch",
    "seq.gate > env.gate",
    "env > vca.cv",
    "env > vco.freq * 2.5oct",
    "lfo > pan.pan * 0.15",
  ],
  macros: [
    (name: "bright", at: 0.42, to: ["vco.freq 100Hz..2kHz"]),
    (name: "punch", at: 0.82, to: ["env.d 40ms..400ms"]),
    (name: "level", at: 0.5, to: ["out.gain -30dB..0dB"]),
  ],
)
"#;

pub const PAD: &str = r#"(
  name: "fm pad", bpm: 84, voices: 6,
  modules: (
    keys: Keys(),
    env: Adsr(a: "900ms", d: "1.2s", s: 0.7, r: "2.5s"),
    op1: Sine(),
    vca: Vca(),
    out: Out(gain: "-14dB"),
  ),
  cables: ["keys.pitch > op1.pitch", "keys.gate > env.gate", "op1 > vca > out", "env > vca.cv"],
)
"#;

/// Meters that say what they are told.
pub struct Scripted {
    pub reading: Mutex<Reading>,
    played: Mutex<u64>,
}

impl Meters for Scripted {
    fn read(&self) -> Reading {
        let mut reading = self.reading.lock().expect("lock");
        // The device goes on.
        reading.callback.count += 1;
        reading.clone()
    }

    /// A saw through a filter that closes, at 110 Hz.
    fn scope(&self, into: &mut Vec<[f32; 2]>) -> u64 {
        // Made once: what a screen costs is measured too.
        static MADE: Mutex<Vec<f32>> = Mutex::new(Vec::new());
        let mut made = MADE.lock().expect("lock");
        let mut played = self.played.lock().expect("lock");
        for _ in 0..8_192 {
            let frame = *played as usize;
            while made.len() <= frame {
                let t = made.len() as f32 / 48_000.0;
                let v: f32 = (1..40)
                    .map(|n| {
                        let n = n as f32;
                        (t * 110.0 * n * std::f32::consts::TAU).sin() / n * (-n / 9.0).exp()
                    })
                    .sum();
                made.push(v);
            }
            let v = made[frame];
            into.push([0.35 * v, 0.33 * v]);
            *played += 1;
        }
        0
    }
}

pub struct Scene {
    pub app: App,
    pub board: Arc<Board>,
    pub view: View,
    inbox: Receiver<Message>,
    meters: Arc<Scripted>,
    pub start: Instant,
}

pub fn loaded(text: &str, path: &str) -> Loaded {
    let parsed = parse(text, path);
    let patch = parsed
        .patch
        .unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
    Loaded {
        patch: Arc::new(patch),
        text: text.into(),
        path: Some(path.into()),
        modified: false,
        report: PrimeReport {
            rms: 0.083,
            peak: 0.4,
            load: 0.04,
            blocks: 150,
            compile_ms: 0.3,
            render_ms: 4.7,
            total_ms: 5.2,
            ..PrimeReport::default()
        },
    }
}

/// A live, B primed and armed.
pub fn playing(depth: Depth) -> Scene {
    let mut view = View {
        bpm: 132.0,
        armed: Some(Some(14)),
        no_net: false,
        undo_steps: 41,
        device: "null".into(),
        ..View::default()
    };
    view.transport.bpm = 132.0;
    view.slots = [
        SlotView {
            state: SlotState::Live,
            generation: 3,
            loaded: Some(loaded(ACID, "patches/acid.ron")),
            ..SlotView::default()
        },
        SlotView {
            state: SlotState::Primed,
            generation: 4,
            loaded: Some(loaded(PAD, "patches/fmpad.ron")),
            ..SlotView::default()
        },
    ];
    let slot = |rms: f32, peak: f32, load: f32| SlotReading {
        ring: 27,
        ring_size: 30,
        ring_min: 22,
        rms: [rms, rms * 0.96],
        peak: [peak, peak * 0.98],
        load,
        render_p50_us: 20.0 + load * 1_000.0,
        render_p99_us: 30.0 + load * 1_000.0,
        render_max_us: 90.0 + load * 1_000.0,
        render_spread: [900, 15_000, 210, 12, 1, 0],
        ..SlotReading::default()
    };
    let reading = Reading {
        seconds: 22.0,
        frame: 1_056_000,
        rate: 48_000.0,
        lead_frames: 1_920,
        key_to_sound_ms: Spread {
            p50: 14.1,
            p99: 16.0,
        },
        callback: CallbackReading {
            count: 4_125,
            frames: 256,
            p50_us: 40.0,
            p99_us: 90.0,
            max_us: 120.0,
            spread: [4_100, 20, 4, 1, 0, 0],
        },
        slots: [slot(0.195, 0.7, 0.11), slot(0.083, 0.25, 0.03)],
        ..Reading::default()
    };
    let meters = Arc::new(Scripted {
        reading: Mutex::new(reading),
        played: Mutex::new(0),
    });
    let board = Board::new(view.clone());
    let (handle, inbox) = Handle::new(board.clone(), meters.clone());
    let app = App::new(handle, Options::default(), depth);
    let mut scene = Scene {
        app,
        board,

        view,
        inbox,
        meters,
        start: Instant::now(),
    };
    for (bar, what, sentence) in [
        ("11.4.3", What::Warning, "Prime B requested"),
        (
            "12.4.2",
            What::DeviceLost { why: String::new() },
            "B FAILED acid-v2: silent: rms 0.0000 after 1 s; A acid bass keeps playing",
        ),
        (
            "13.1.4",
            What::Building {
                slot: SlotId::B,
                generation: 4,
            },
            "B building fm pad: 5 modules, 5 cables",
        ),
        (
            "13.2.1",
            What::Armed {
                quantum: Default::default(),
                frame: None,
            },
            "B fm pad is primed. ^G swaps at bar 14.",
        ),
    ] {
        scene.board.tell(&Event {
            frame: 0,
            bar: bar.into(),
            what,
            sentence: sentence.into(),
        });
    }
    scene.look();
    scene
}

impl Scene {
    pub fn look(&mut self) {
        self.start += Duration::from_millis(300);
        self.app.look(self.start);
    }

    pub fn publish(&mut self, change: impl FnOnce(&mut View)) {
        change(&mut self.view);
        self.board.publish(self.view.clone());
        self.look();
    }

    /// What the meters say from now on.
    pub fn reading(&mut self, change: impl FnOnce(&mut Reading)) {
        change(&mut self.meters.reading.lock().expect("lock"));
    }

    /// Keys by their names, separated by blanks.
    pub fn press(&mut self, chords: &str) {
        for name in chords.split(' ') {
            let chord = Chord::parse(name).unwrap_or_else(|| panic!("no key {name}"));
            let (code, modifiers) = chord.parts();
            let event = Input::Key(KeyEvent::new(code, modifiers));
            self.start += Duration::from_millis(100);
            self.app.on_input(event, self.start);
        }
        self.look();
    }

    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            let key = if c == ' ' {
                "Space".to_owned()
            } else {
                c.to_string()
            };
            self.press(&key);
        }
    }

    /// Commands sent since the last call.
    pub fn sent(&mut self) -> Vec<Command> {
        self.inbox
            .try_iter()
            .filter_map(|m| match m {
                Message::Request(request, _) => Some(request.command),
                Message::Wake => None,
            })
            .collect()
    }

    pub fn draw(&mut self, width: u16, height: u16) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        let area = buf.area;
        draw_into(&mut self.app, area, &mut buf);
        buf
    }

    pub fn text(&mut self, width: u16, height: u16) -> String {
        let buf = self.draw(width, height);
        buf.content()
            .chunks(usize::from(width))
            .map(|row| row.iter().map(|c| c.symbol()).collect::<String>() + "\n")
            .collect()
    }
}

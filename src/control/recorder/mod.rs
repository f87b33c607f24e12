//! Writes what is heard to disk, on a thread of its own: a slow or full disk disturbs nobody. It listens all the time, so that the
//! last minute can be kept after the fact.
mod tape;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::command::Answer;
use crate::audio::tape::TapeOut;
use crate::audio::wav_bits::Bits;
pub use tape::KEPT_SECONDS;
use tape::{Ended, Tape, aside, next_name};

/// How often the tape is emptied, and how much of a take is lost at most when the process is killed.
const ROUND: Duration = Duration::from_millis(100);

/// What the supervisor asks for, and whoever waits for the answer: that a file was begun, or why not.
pub enum Order {
    Start(Target, Option<Sender<Answer>>),
    Stop,
    Keep(Target, f64, Option<Sender<Answer>>),
}

/// Without a path the next free name in `folder`, with the title in it.
pub struct Target {
    pub path: Option<PathBuf>,
    pub folder: PathBuf,
    pub title: String,
    pub bits: Bits,
}

/// What it tells.
#[derive(Debug, PartialEq)]
pub enum News {
    /// A recording that had this name has another one now: `aside`.
    Started {
        path: PathBuf,
        aside: Option<PathBuf>,
    },
    Stopped {
        path: PathBuf,
        seconds: f64,
    },
    Kept {
        path: PathBuf,
        seconds: f64,
    },
    /// `seconds` of it are in the file.
    Failed {
        path: PathBuf,
        seconds: f64,
        why: String,
    },
    /// The disk was too slow: so many frames are missing from the take.
    Missed {
        frames: u64,
    },
}

/// The supervisor's end. Dropping it completes the take.
pub struct Recorder {
    orders: Option<Sender<Order>>,
    news: Receiver<News>,
    /// Of the take that is being written.
    frames: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// `wake` is called with every piece of news.
    pub fn start(tape: TapeOut, rate: f64, wake: Arc<dyn Fn() + Send + Sync>) -> io::Result<Self> {
        let (orders, asked) = channel();
        let (tell, news) = channel();
        let frames = Arc::new(AtomicU64::new(0));
        let written = frames.clone();
        let thread = std::thread::Builder::new()
            .name("chronus-tape".into())
            .spawn(move || {
                let tell = |piece| {
                    // The supervisor may have gone.
                    let _ = tell.send(piece);
                    wake();
                };
                run(tape, &asked, Tape::new(rate), &written, &tell);
            })?;
        Ok(Self {
            orders: Some(orders),
            news,
            frames,
            thread: Some(thread),
        })
    }

    pub fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // A thread that ended has told why.
            let _ = orders.send(order);
        }
    }

    pub fn news(&self) -> Option<News> {
        self.news.try_recv().ok()
    }

    /// Counts the frames of the take as they reach the file.
    pub fn frames(&self) -> Arc<AtomicU64> {
        self.frames.clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(
    mut from: TapeOut,
    orders: &Receiver<Order>,
    mut tape: Tape,
    written: &AtomicU64,
    tell: &dyn Fn(News),
) {
    let mut block = vec![[0.0; 2]; 4_096];
    loop {
        let order = orders.recv_timeout(ROUND);
        // What was heard before the order belongs before it.
        let result = drain(&mut from, &mut tape, &mut block);
        if let Err(Ended { path, seconds, why }) = result {
            tell(News::Failed { path, seconds, why });
        }
        let missed = from.missed();
        if missed > 0 && tape.is_recording() {
            tell(News::Missed { frames: missed });
        }
        match order {
            Ok(order) => carry_out(order, &mut tape, tell),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                tape.stop();
                return;
            }
        }
        written.store(tape.frames(), Relaxed);
    }
}

fn drain(from: &mut TapeOut, tape: &mut Tape, block: &mut [[f32; 2]]) -> Result<(), Ended> {
    loop {
        match from.pop(block) {
            0 => return tape.flush(),
            frames => tape.push(&block[..frames])?,
        }
    }
}

fn carry_out(order: Order, tape: &mut Tape, tell: &dyn Fn(News)) {
    let failed = |path, why: io::Error| News::Failed {
        path,
        seconds: 0.0,
        why: why.to_string(),
    };
    match order {
        Order::Start(target, asker) => {
            stop(tape, tell);
            let path = target.path();
            let started = aside(&path).and_then(|aside| {
                let started = tape.start(&path, target.bits);
                if let (Err(_), Some(aside)) = (&started, &aside) {
                    // Nothing took its place.
                    let _ = std::fs::rename(aside, &path);
                }
                started.map(|()| aside)
            });
            let answer = answer(&path, &started);
            tell(match started {
                Ok(aside) => News::Started { path, aside },
                Err(why) => failed(path, why),
            });
            // Told first: whoever has the answer may go on at once.
            reply(asker, answer);
        }
        Order::Stop => stop(tape, tell),
        Order::Keep(target, seconds, asker) => {
            let path = target.path();
            let kept = tape.keep(&path, seconds, target.bits);
            let answer = answer(&path, &kept.as_ref().map(|_| None));
            tell(match kept {
                Ok(seconds) => News::Kept { path, seconds },
                Err(why) => failed(path, why),
            });
            reply(asker, answer);
        }
    }
}

fn answer<E: std::fmt::Display>(path: &Path, done: &Result<Option<PathBuf>, E>) -> Answer {
    match done {
        Ok(None) => Ok(None),
        Ok(Some(aside)) => Ok(Some(moved(aside))),
        Err(why) => Err(format!("{} can't be written: {why}", path.display())),
    }
}

fn reply(asker: Option<Sender<Answer>>, answer: Answer) {
    if let Some(asker) = asker {
        // Whoever asked may have gone.
        let _ = asker.send(answer);
    }
}

/// What became of a recording whose name was taken.
pub fn moved(aside: &Path) -> String {
    format!("the recording of that name is {} now", aside.display())
}

fn stop(tape: &mut Tape, tell: &dyn Fn(News)) {
    if let Some((path, seconds)) = tape.stop() {
        tell(News::Stopped { path, seconds });
    }
}

impl Target {
    fn path(&self) -> PathBuf {
        (self.path.clone()).unwrap_or_else(|| next_name(&self.folder, &self.title))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::audio::tape::tape;

    fn next(recorder: &Recorder) -> News {
        let begun = Instant::now();
        loop {
            if let Some(news) = recorder.news() {
                return news;
            }
            assert!(begun.elapsed() < Duration::from_secs(5), "no news");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn an_order_takes_effect_behind_what_was_heard_before_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = |path: Option<&str>| Target {
            path: path.map(|p| folder.path().join(p)),
            folder: folder.path().to_owned(),
            title: "t".into(),
            bits: Bits::Float32,
        };
        let (mut input, output) = tape();
        let recorder = Recorder::start(output, 1_000.0, Arc::new(|| {})).expect("a thread");
        input.push(&[[0.25; 2]; 100]);
        recorder.order(Order::Start(target(None), None));
        let first = folder.path().join("001 t.wav");
        assert_eq!(
            next(&recorder),
            News::Started {
                path: first.clone(),
                aside: None,
            }
        );
        input.push(&[[0.5; 2]; 200]);
        recorder.order(Order::Stop);
        assert_eq!(
            next(&recorder),
            News::Stopped {
                path: first.clone(),
                seconds: 0.2
            }
        );
        recorder.order(Order::Keep(target(Some("kept.wav")), 0.25, None));
        let kept = folder.path().join("kept.wav");
        assert_eq!(
            next(&recorder),
            News::Kept {
                path: kept.clone(),
                seconds: 0.25
            }
        );
        let ask = |path: &str| {
            let (asker, answer) = channel();
            recorder.order(Order::Start(target(Some(path)), Some(asker)));
            answer
                .recv_timeout(Duration::from_secs(5))
                .expect("answered")
        };
        std::fs::write(folder.path().join("notes.wav"), "no recording").expect("a file");
        assert!(ask("notes.wav").expect_err("kept").contains("no recording"));
        assert!(matches!(next(&recorder), News::Failed { .. }));
        let told = ask("kept.wav").expect("begun").expect("told");
        assert!(told.contains("kept-1.wav"), "{told}");
        assert!(matches!(
            next(&recorder),
            News::Started { aside: Some(_), .. }
        ));
        recorder.order(Order::Stop);
        assert!(matches!(next(&recorder), News::Stopped { .. }));
        recorder.order(Order::Start(target(None), None));
        assert!(matches!(next(&recorder), News::Started { .. }));
        input.push(&[[0.75; 2]; 300]);
        drop(recorder);
        let samples = |path| {
            let mut reader = hound::WavReader::open(path).expect("a WAV file");
            reader
                .samples::<f32>()
                .map(|s| s.expect("a sample"))
                .collect::<Vec<_>>()
        };
        assert_eq!(samples(first), [0.5; 400]);
        assert!(samples(kept).is_empty());
        let kept = folder.path().join("kept-1.wav");
        assert_eq!(samples(kept)[..100], [0.25; 100]);
        assert_eq!(
            samples(folder.path().join("002 t.wav")),
            [0.75; 600],
            "completed at the end"
        );
    }
}

//! Devices without hardware that advance in real time: `null` sounds nowhere, `wav:FILE` writes what would have been heard.
//! Each has its own thread, which calls as a sound card would.
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::device::{DEFAULT_PERIOD, DEFAULT_RATE, DeviceError, DeviceSpec, now_ns};
use super::stream::{Closing, Connection, Server};
use super::wav_tap::{Sink, WavTap};

/// Periods that a virtual device holds, as a sound card's buffer does: a wake-up that is later than that is an xrun.
const BUFFERED_PERIODS: u64 = 2;

/// When to call: pure arithmetic on a clock that only its caller reads.
struct Pacer {
    rate: u64,
    period: u64,
    /// The frame 0 of the count below was due then.
    anchor_ns: u64,
    /// Periods served since the anchor.
    served: u64,
}

/// What is due at a wake-up.
#[derive(Debug, PartialEq, Eq)]
struct Due {
    calls: u64,
    xrun: bool,
}

impl Pacer {
    fn new(rate: u32, period: u32, now_ns: u64) -> Self {
        Self {
            rate: rate.into(),
            period: period.into(),
            anchor_ns: now_ns,
            served: 0,
        }
    }

    /// When period number `n` is due. From the frame number, not by adding up periods: no rounding adds up.
    fn due_ns(&self, n: u64) -> u64 {
        self.anchor_ns
            + (u128::from(n * self.period) * 1_000_000_000 / u128::from(self.rate)) as u64
    }

    /// How long to sleep until the next call.
    fn wait_ns(&self, now_ns: u64) -> u64 {
        self.due_ns(self.served).saturating_sub(now_ns)
    }

    /// The calls to make now. Time that no buffer could have bridged is given up, and the clock starts afresh after it.
    fn wake(&mut self, now_ns: u64) -> Due {
        if now_ns < self.due_ns(self.served) {
            return Due {
                calls: 0,
                xrun: false,
            };
        }
        if now_ns >= self.due_ns(self.served + BUFFERED_PERIODS) {
            self.anchor_ns = now_ns;
            self.served = 1;
            return Due {
                calls: BUFFERED_PERIODS,
                xrun: true,
            };
        }
        let calls = (1..=BUFFERED_PERIODS)
            .take_while(|n| now_ns >= self.due_ns(self.served + n - 1))
            .count() as u64;
        self.served += calls;
        Due { calls, xrun: false }
    }
}

/// A device that sounds nowhere.
pub(super) fn null(spec: &DeviceSpec, server: Server) -> Connection {
    run("null (no sound)".into(), spec, server, None)
}

/// A device that writes a 32-bit float WAV file, valid at any moment. The file is begun afresh.
pub(super) fn wav(
    path: &Path,
    spec: &DeviceSpec,
    server: Server,
) -> Result<Connection, DeviceError> {
    let rate = spec.rate.unwrap_or(DEFAULT_RATE);
    match WavTap::create(path, rate, Arc::clone(server.vitals())) {
        Ok((tap, sink)) => Ok(run(
            format!("wav:{}", path.display()),
            spec,
            server,
            Some((tap, sink)),
        )),
        Err(error) => Err(DeviceError {
            device: spec.to_string(),
            why: error.to_string(),
        }),
    }
}

fn run(name: String, spec: &DeviceSpec, server: Server, tap: Option<(WavTap, Sink)>) -> Connection {
    let rate = spec.rate.unwrap_or(DEFAULT_RATE);
    let period = spec.period.unwrap_or(DEFAULT_PERIOD);
    let (owner, vitals) = (server.owner(), Arc::clone(server.vitals()));
    let running = Arc::new(AtomicBool::new(true));
    let (tap, sink) = tap.unzip();
    let thread = {
        let running = Arc::clone(&running);
        let body = move || {
            pace(
                &running,
                Pacer::new(rate, period, now_ns()),
                period,
                &server,
                sink,
            )
        };
        std::thread::Builder::new()
            .name("audio-virtual".into())
            .spawn(body)
            .ok()
    };
    if thread.is_none() {
        vitals.lost.store(true, Ordering::Relaxed);
    }
    let hold = Box::new(Running {
        running,
        thread,
        tap,
    });
    Connection {
        name,
        id: None,
        rate,
        period,
        owner,
        vitals,
        closing: Closing::Prompt,
        _hold: hold,
    }
}

fn pace(
    running: &AtomicBool,
    mut pacer: Pacer,
    period: u32,
    server: &Server,
    mut sink: Option<Sink>,
) {
    let mut block = vec![[0.0f32; 2]; period as usize];
    while running.load(Ordering::Relaxed) {
        let wait_ns = pacer.wait_ns(now_ns());
        if wait_ns > 0 {
            // In pieces, so that closing a device with long periods is prompt.
            std::thread::sleep(Duration::from_nanos(wait_ns.min(20_000_000)));
        }
        let due = pacer.wake(now_ns());
        if due.xrun {
            server.vitals().xruns.fetch_add(1, Ordering::Relaxed);
        }
        for _ in 0..due.calls {
            server.serve(&mut block, None);
            if let Some(sink) = &mut sink {
                sink.write(&block);
            }
        }
    }
}

/// Closing order: the pacing thread first, then the file, which then has every frame that was served.
struct Running {
    running: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    tap: Option<WavTap>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.running.store(false, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        drop(self.tap.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn due(calls: u64) -> Due {
        Due { calls, xrun: false }
    }

    #[test]
    fn on_time_a_day_is_exactly_a_days_frames() {
        let mut pacer = Pacer::new(44_100, 256, 5);
        let (mut now, mut calls) = (5, 0);
        // A day would take minutes here; the arithmetic is from the period's number, so far ahead proves the same.
        pacer.served = 86_400 * 44_100 / 256 - 1_000;
        now += pacer.wait_ns(now);
        while calls < 1_000 {
            let woken = pacer.wake(now);
            assert_eq!(woken, due(1));
            calls += woken.calls;
            now += pacer.wait_ns(now);
        }
        let frames = 86_400u64 * 44_100 / 256 * 256;
        assert_eq!(now - 5, frames * 1_000_000_000 / 44_100);
    }

    #[test]
    fn early_late_and_much_too_late() {
        // 480 frames at 48 kHz are 10 ms.
        let mut pacer = Pacer::new(48_000, 480, 0);
        assert_eq!(pacer.wake(0), due(1));
        assert_eq!(pacer.wake(9 * MS), due(0));
        assert_eq!(pacer.wake(19 * MS), due(1), "9 ms late");
        assert_eq!(pacer.wake(35 * MS), due(2), "15 ms late: two at once");
        assert_eq!(pacer.wake(40 * MS), due(1), "and the clock is where it was");
        let late = pacer.wake(70 * MS);
        assert_eq!(
            late,
            Due {
                calls: 2,
                xrun: true
            },
            "20 ms late: the buffer of two periods ran dry"
        );
        assert_eq!(pacer.wake(79 * MS), due(0), "time starts afresh");
        assert_eq!(pacer.wake(80 * MS), due(1));
    }

    #[test]
    fn wav_device_writes_what_it_was_given_and_every_frame_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("heard.wav");
        let spec = DeviceSpec {
            period: Some(64),
            ..DeviceSpec::parse(&format!("wav:{}", path.display())).expect("an argument")
        };
        let (told, calls) = std::sync::mpsc::channel();
        let mut next = 0.0;
        let count = move |out: &mut [[f32; 2]], _| {
            for frame in out.iter_mut() {
                *frame = [next, -next];
                next += 1.0;
            }
            let _ = told.send(out.len());
        };
        let stream = super::super::device::open(&spec, Box::new(count)).expect("a file");
        let served: usize = calls.iter().take(20).sum();
        drop(stream);
        let served = served + calls.iter().sum::<usize>();
        let mut reader = hound::WavReader::open(&path).expect("a WAV file");
        let heard: Vec<f32> = reader
            .samples::<f32>()
            .map(|sample| sample.expect("a sample"))
            .collect();
        // Before the callback was there, the device played silence.
        let start = heard
            .chunks(2)
            .position(|frame| frame == [1.0, -1.0])
            .expect("the second frame")
            - 1;
        assert!(heard[..2 * start].iter().all(|&sample| sample == 0.0));
        let heard: Vec<f32> = heard[2 * start..].chunks(2).map(|frame| frame[0]).collect();
        let given: Vec<f32> = (0..served).map(|n| n as f32).collect();
        // The device was taken away from the callback before it was closed: silence may follow.
        assert_eq!(heard[..served], given);
        assert!(heard[served..].iter().all(|&sample| sample == 0.0));
    }
}

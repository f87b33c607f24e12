//! What is pressed is soon seen: from the key's byte in the terminal to the changed cell on the screen, beside threads that tell
//! how late the machine wakes anybody.
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::machine::{Try, Watch, holds};
use crate::screen::Screen;

const KEYS: usize = 200;
/// Between a key and its cell.
const BOUND_MS: f64 = 50.0;
/// On a machine of its own nobody waits so long for a processor, the engines' turns included.
const BUSY_MS: f64 = 10.0;
/// The least lead of the program as it starts.
const SAFE_MS: f64 = 40.0;
/// A key that is not seen for so long is lost.
const LOST: Duration = Duration::from_secs(2);

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Presses a key and waits for the frame in which the header is the screen's that it leads to.
fn seen_after(screen: &mut Screen, key: u8, name: &str) -> Duration {
    while screen.drawn.try_recv().is_ok() {}
    let wanted = format!(" {name} ");
    assert!(!screen.header().starts_with(&wanted), "{name} already");
    let pressed = Instant::now();
    screen.press(&[key]);
    loop {
        let left = LOST.saturating_sub(pressed.elapsed());
        let drawn = screen.drawn.recv_timeout(left);
        let drawn = drawn.unwrap_or_else(|_| panic!("{name} never came: {}", screen.text()));
        if screen.header().starts_with(&wanted) {
            return drawn.saturating_duration_since(pressed);
        }
    }
}

#[test]
#[ignore = "long: a figure of the release build"]
fn what_is_pressed_is_seen_within_50_ms() {
    holds("key to screen, p99", BOUND_MS, press_and_look);
}

fn press_and_look() -> Try {
    let mut screen = Screen::start_with(&[], &["patches/bass/acid.ron"]);
    screen.sounds();
    let watch = Watch::start();
    let screens = [
        (b'2', "PATCH"),
        (b'3', "TEXT"),
        (b'4', "PATTERN"),
        (b'5', "DIAG"),
        (b'6', "LOG"),
        (b'7', "FILES"),
        (b'1', "PERFORM"),
    ];
    // Not in step with the frames.
    let mut random = 7u32;
    let mut took: Vec<f64> = (0..KEYS)
        .map(|n| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            sleep(Duration::from_micros(20_000 + u64::from(random >> 17)));
            let (key, name) = screens[n % screens.len()];
            ms(seen_after(&mut screen, key, name))
        })
        .collect();
    let late = watch.end();
    never_ran_dry(&screen, late.realtime_ms);
    screen.press(b"\x03y");
    assert_eq!(screen.ended().0, 0);
    took.sort_by(f64::total_cmp);
    let (half, p99, worst) = (took[KEYS / 2], took[KEYS * 99 / 100 - 1], took[KEYS - 1]);
    println!(
        "key to screen: half within {half:.1} ms, p99 {p99:.1} ms, worst {worst:.1} ms; the machine woke us {:.1} ms late at worst",
        late.ordinary_ms
    );
    Try {
        figure_ms: p99,
        // A thread that draws waits longer than one that only sleeps.
        disturbed: late.ordinary_ms > BUSY_MS,
    }
}

/// The lead of `--latency safe` bridges whatever is shorter.
fn never_ran_dry(screen: &Screen, machine_ms: f64) {
    if !screen.header().contains("none 0") {
        assert!(machine_ms > SAFE_MS, "{}", screen.text());
        println!("skipped: the machine woke the engines later than the lead");
    }
}

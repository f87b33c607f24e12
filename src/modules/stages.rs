//! The text of a multi-stage envelope.

/// One stage: a way to a level in a time, by a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Where it leads, -1..1.
    pub level: f32,
    pub seconds: f32,
    /// Octaves: 0 a line, above 0 slow first, below 0 fast first.
    pub curve: f32,
}

/// An envelope as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Stages {
    pub stages: Vec<Stage>,
    /// After so many stages it waits while the gate is open.
    pub hold: Option<usize>,
    /// While the gate is open it goes from the end of this stage (exclusive) back to the first of them.
    pub round: Option<(usize, usize)>,
}

impl Stages {
    /// The stage that follows the last one of the open gate.
    pub fn release(&self) -> usize {
        let of_round = self.round.map(|(_, end)| end);
        self.hold.or(of_round).unwrap_or(self.stages.len())
    }
}

/// The longest text is longer than anyone wants.
const MOST: usize = 64;

/// Reads `LEVEL@TIME` (`0.5@200ms`, with `^4` for a curve), `|` where it holds, `[` and `]` round what repeats; or says at which
/// character (from 0) what is wrong.
pub fn read(text: &str) -> Result<Stages, (usize, String)> {
    let (mut stages, mut hold, mut round) = (Vec::new(), None, None);
    let mut open: Option<(usize, usize)> = None;
    let mut at = 0;
    for word in text.split(' ') {
        let here = at;
        at += word.chars().count() + 1;
        match word {
            "" => {}
            "|" if hold.is_some() || round.is_some() || open.is_some() => {
                return Err((here, "it can wait or repeat at one place only".into()));
            }
            "|" => hold = Some(stages.len()),
            "[" if hold.is_some() || round.is_some() || open.is_some() => {
                return Err((here, "it can wait or repeat at one place only".into()));
            }
            "[" => open = Some((stages.len(), here)),
            "]" => match open.take() {
                Some((from, _)) if stages.len() > from => round = Some((from, stages.len())),
                Some(_) => return Err((here, "nothing stands between [ and ]".into())),
                None => return Err((here, "this ] has no [ before it".into())),
            },
            _ if stages.len() == MOST => return Err((here, format!("more than {MOST} stages"))),
            _ => stages.push(stage(word).map_err(|(inside, why)| (here + inside, why))?),
        }
    }
    if let Some((_, here)) = open {
        return Err((here, "this [ has no ] after it".into()));
    }
    match stages.is_empty() {
        true => Err((
            0,
            "no stages: write LEVEL@TIME, as in \"1@5ms 0@300ms\"".into(),
        )),
        false => Ok(Stages {
            stages,
            hold,
            round,
        }),
    }
}

fn stage(word: &str) -> Result<Stage, (usize, String)> {
    let Some((level, rest)) = word.split_once('@') else {
        return Err((
            0,
            format!("`{word}` is no stage: write LEVEL@TIME, as in 0.5@200ms"),
        ));
    };
    let (time, curve) = match rest.split_once('^') {
        Some((time, curve)) => (time, Some(curve)),
        None => (rest, None),
    };
    let after = level.chars().count() + 1;
    let level = number(level, -1.0, 1.0).map_err(|why| (0, format!("level {why}")))?;
    let (digits, unit) = match (time.strip_suffix("ms"), time.strip_suffix('s')) {
        (Some(digits), _) => (digits, 1e-3),
        (None, Some(digits)) => (digits, 1.0),
        _ => return Err((after, format!("`{time}` is no time: write 200ms or 1.5s"))),
    };
    let seconds = number(digits, 0.0, 60.0 / unit).map_err(|why| (after, format!("time {why}")))?;
    let curve = match curve {
        None => 0.0,
        Some(curve) => {
            let at = after + time.chars().count() + 1;
            number(curve, -12.0, 12.0).map_err(|why| (at, format!("curve {why}")))?
        }
    };
    Ok(Stage {
        level,
        seconds: seconds * unit,
        curve,
    })
}

fn number(text: &str, min: f32, max: f32) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(x) if (min..=max).contains(&x) => Ok(x),
        _ => Err(format!("`{text}` is no number from {min} to {max}")),
    }
}

#[test]
fn stages_are_read_and_mistakes_are_pointed_at() {
    let read_all = read("1@5ms 0.3@0.2s^-4 | 0@1s").expect("reads");
    assert_eq!(
        (read_all.stages.len(), read_all.hold, read_all.release()),
        (3, Some(2), 2)
    );
    let second = Stage {
        level: 0.3,
        seconds: 0.2,
        curve: -4.0,
    };
    assert_eq!(read_all.stages[1], second);
    let round = read("1@5ms [ 0.2@100ms 0.8@100ms ] 0@1s").expect("reads");
    assert_eq!((round.round, round.release()), (Some((1, 3)), 3));
    for (text, at) in [
        ("", 0),
        ("1@5ms 2@5ms", 6),
        ("1@5ms 1@5", 8),
        ("1@5ms 0.5@nans", 10),
        ("1@5ms 0@1s^99", 11),
        ("1@5ms nonsense", 6),
        ("1@5ms ] 0@1s", 6),
        ("[ 1@5ms", 0),
        ("1@5ms | 0@5ms |", 14),
        ("1@5ms [ ] 0@1s", 8),
    ] {
        let (found, why) = read(text).expect_err(text);
        assert_eq!(found, at, "{text}: {why}");
    }
}

//! Values with units: what may be written, what is refused, and how they show.
use chronus::modules::spec::{ParamSpec, ParamValue, Scale, Signal, Unit};
use chronus::patch::value::{AmountIn, format_value, parse_amount, parse_value, tidy};

fn spec(unit: Unit, min: f32, max: f32) -> ParamSpec {
    ParamSpec {
        name: "x",
        aliases: &[],
        doc: "",
        unit,
        min,
        max,
        default: min,
        scale: Scale::Linear,
    }
}

fn specs() -> [ParamSpec; 9] {
    [
        spec(Unit::Plain, -1e6, 1e6),
        spec(Unit::Hz, 0.001, 20_000.0),
        spec(Unit::TempoHz, 0.001, 20_000.0),
        spec(Unit::Seconds, 0.0, 100.0),
        spec(Unit::TempoSeconds, 0.0, 100.0),
        spec(Unit::Decibels, -60.0, 12.0),
        spec(Unit::Octaves, -10.0, 10.0),
        spec(Unit::Semitones, -60.0, 60.0),
        spec(Unit::Cents, -1200.0, 1200.0),
    ]
}

#[test]
fn texts_are_values_in_the_unit_of_the_parameter() {
    use ParamValue::{Beats, Fixed};
    let [plain, hz, tempo_hz, seconds, tempo, db, oct, st, cents] = specs();
    for (spec, text, value) in [
        (&hz, "A3", Fixed(220.0)),
        (&hz, "A4", Fixed(440.0)),
        (&hz, "C4", Fixed(261.625_58)),
        (&hz, "440Hz", Fixed(440.0)),
        (&hz, "440 hz", Fixed(440.0)),
        (&hz, " 1.2kHz ", Fixed(1200.0)),
        (&hz, "440", Fixed(440.0)),
        (&hz, "4.4e2", Fixed(440.0)),
        (&db, "-12dB", Fixed(-12.0)),
        (&db, "+3 db", Fixed(3.0)),
        (&seconds, "2ms", Fixed(0.002)),
        (&seconds, "1.5s", Fixed(1.5)),
        (&seconds, "80us", Fixed(80e-6)),
        (&seconds, "80µs", Fixed(80e-6)),
        (&tempo, "1/16", Beats(0.25)),
        (&tempo, "3/16", Beats(0.75)),
        (&tempo, "1/8.", Beats(0.75)),
        (&tempo, "1/8t", Beats(1.0 / 3.0)),
        (&tempo, "1/1", Beats(4.0)),
        (&tempo_hz, "2beats", Beats(2.0)),
        (&tempo_hz, "2Hz", Fixed(2.0)),
        (&oct, "2.5oct", Fixed(2.5)),
        (&oct, "7st", Fixed(7.0 / 12.0)),
        (&oct, "50cents", Fixed(50.0 / 1200.0)),
        (&oct, "C3", Fixed(-1.0)),
        (&st, "1oct", Fixed(12.0)),
        (&st, "50ct", Fixed(0.5)),
        (&st, "C#4", Fixed(1.0)),
        (&cents, "1st", Fixed(100.0)),
        (&plain, "30%", Fixed(0.3)),
        (&plain, "-0.5", Fixed(-0.5)),
    ] {
        assert_eq!(parse_value(spec, text), Ok(value), "{text}");
    }
}

#[test]
fn what_is_no_value_is_told_with_what_is() {
    let [plain, hz, _, seconds, tempo, db, ..] = specs();
    for (spec, text, why) in [
        (
            &hz,
            "0.13hzz",
            "unknown unit `hzz` in \"0.13hzz\"; try Hz or kHz",
        ),
        (
            &seconds,
            "1/8",
            "\"1/8\" is a note length; `x` takes ms or s",
        ),
        (
            &tempo,
            "1/0",
            "\"1/0\" is no value for `x`; try ms, s or a note length such as 1/8",
        ),
        (&db, "2Hz", "\"2Hz\" is a frequency; `x` takes dB"),
        (&plain, "A3", "\"A3\" is a note; `x` takes a number or %"),
        (&plain, "", "\"\" is no value for `x`; try a number or %"),
        (&hz, "0Hz", "`x` goes from 0.001 Hz to 20 kHz, not 0 Hz"),
        (&hz, "1e39", "`x` goes from 0.001 Hz to 20 kHz, not inf"),
        (&hz, "inf", "\"inf\" is no value for `x`; try Hz or kHz"),
        (&hz, "NaN", "\"NaN\" is no value for `x`; try Hz or kHz"),
        (&hz, "1e400", "`x` goes from 0.001 Hz to 20 kHz, not inf"),
        (&hz, "A99", "\"A99\" is no value for `x`; try Hz or kHz"),
        (
            &tempo,
            "300beats",
            "a note length is above 0 and at most 256 beats, not 300",
        ),
    ] {
        let error = parse_value(spec, text).expect_err(text);
        assert_eq!(error.why, why);
    }
}

#[test]
fn values_show_as_on_a_panel() {
    use ParamValue::{Beats, Fixed};
    let [plain, hz, _, seconds, tempo, db, oct, st, cents] = specs();
    for (spec, value, text) in [
        (&hz, Fixed(400.0), "400 Hz"),
        (&hz, Fixed(1200.0), "1.20 kHz"),
        (&hz, Fixed(12_345.0), "12.3 kHz"),
        (&hz, Fixed(999.9), "1.00 kHz"),
        (&hz, Fixed(0.13), "0.13 Hz"),
        (&hz, Fixed(55.0), "55.0 Hz"),
        (&db, Fixed(-12.0), "-12.0 dB"),
        (&db, Fixed(-0.001), "0.0 dB"),
        // What a fine turn changes is seen.
        (&db, Fixed(-8.25), "-8.25 dB"),
        (&plain, Fixed(0.601), "0.601"),
        (&seconds, Fixed(0.18), "180 ms"),
        (&seconds, Fixed(1.2), "1.20 s"),
        (&seconds, Fixed(0.0005), "0.50 ms"),
        (&seconds, Fixed(0.0), "0.00 s"),
        (&tempo, Beats(0.75), "3/16"),
        (&tempo, Beats(1.0 / 3.0), "1/8t"),
        (&tempo, Beats(0.3), "0.3beats"),
        (&oct, Fixed(2.5), "2.50 oct"),
        (&st, Fixed(7.0), "7.0 st"),
        (&cents, Fixed(50.0), "50 cents"),
        (&plain, Fixed(0.82), "0.82"),
    ] {
        assert_eq!(format_value(spec, value), text);
    }
}

/// What screens show is itself a value, near the one that it shows: a user may type it back.
#[test]
fn what_is_shown_can_be_typed() {
    for spec in &specs() {
        for n in 0..=1000 {
            let value = tidy(spec, spec.min + (spec.max - spec.min) * n as f32 / 1000.0);
            let text = format_value(spec, ParamValue::Fixed(value));
            let Ok(ParamValue::Fixed(back)) = parse_value(spec, &text) else {
                // Rounding may leave the range at its end.
                assert!(
                    n == 0 || n == 1000 || spec.unit == Unit::Hz && n < 2,
                    "{text}"
                );
                continue;
            };
            let last_digit = match spec.unit {
                Unit::Decibels | Unit::Semitones => 0.05,
                Unit::Cents => 0.5,
                Unit::Plain | Unit::Octaves => 0.005,
                _ => 0.006 * value.abs(),
            };
            let near = (back - value).abs() <= 1.02 * last_digit;
            assert!(near, "{value} {text} {back}");
        }
    }
}

#[test]
fn amounts_are_in_the_unit_of_the_destination() {
    let [plain, hz, _, seconds, _, db, _, st, cents] = specs();
    let audio = AmountIn::Port(Signal::Audio);
    let pitch = AmountIn::Port(Signal::Pitch);
    for (to, text, amount) in [
        (audio, "0.4", 0.4),
        (audio, "-6.020599913dB", 0.5),
        (audio, "30%", 0.3),
        (pitch, "7st", 7.0 / 12.0),
        (AmountIn::Param(&hz), "2.5oct", 2.5),
        (AmountIn::Param(&hz), "-12 st", -1.0),
        (AmountIn::Param(&hz), "1.5", 1.5),
        (AmountIn::Param(&seconds), "1oct", 1.0),
        (AmountIn::Param(&db), "-6dB", -6.0),
        (AmountIn::Param(&st), "1oct", 12.0),
        (AmountIn::Param(&cents), "1st", 100.0),
        (AmountIn::Param(&plain), "15%", 0.15),
    ] {
        let read = parse_amount(to, text).expect(text);
        assert!((read - amount as f32).abs() < 1e-6, "{text} {read}");
    }
    for (to, text) in [
        (audio, "2oct"),
        (pitch, "-6dB"),
        (AmountIn::Param(&hz), "200Hz"),
        (AmountIn::Param(&hz), "25oct"),
        (AmountIn::Param(&db), "2oct"),
        (AmountIn::Param(&plain), "A3"),
        (audio, "inf"),
        (audio, "1e39"),
        (audio, ""),
    ] {
        assert!(parse_amount(to, text).is_err(), "{text}");
    }
}

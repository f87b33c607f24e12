//! Groups: an instrument written once and used several times is the same patch as the one written out.
use chronus::modules::spec::ParamValue;
use chronus::patch::edit::{Edit, EditError, set_param};
use chronus::patch::file::parse;
use chronus::patch::{Patch, edit};

const BELLS: &str = r#"(
  name: "bells", voices: 4,
  groups: (
    bell: (
      modules: (mod: Sine(ratio: 3.5), car: Sine(), env: Adsr(d: "1s", s: 0), vca: Vca()),
      cables: [
        "in.pitch > mod.pitch + car.pitch", "in.gate > env.gate", "in.bright > car.fm * 0.5",
        "mod > car.fm * 0.3", "car > vca > out", "env > vca.cv",
      ],
    ),
  ),
  modules: (
    keys: Keys(),
    low: bell(mod: (ratio: 2), env: (d: "3s")), // two of them
    high: bell,
    lfo: Lfo(),
    out: Out(gain: "-12dB"),
  ),
  cables: [
    "keys.pitch > low.pitch + high.pitch * 2oct",
    "keys.gate > low.gate + high.gate",
    "lfo > low.bright * 50% + high_car.level * 0.1",
    "low + high > out",
  ],
  macros: [(name: "ring", to: ["high_mod.ratio 1..7"])],
)
"#;

const WRITTEN_OUT: &str = r#"(
  name: "bells", voices: 4,
  modules: (
    keys: Keys(),
    low_mod: Sine(ratio: 2), low_car: Sine(), low_env: Adsr(d: "3s", s: 0), low_vca: Vca(),
    high_mod: Sine(ratio: 3.5), high_car: Sine(), high_env: Adsr(d: "1s", s: 0), high_vca: Vca(),
    lfo: Lfo(),
    out: Out(gain: "-12dB"),
  ),
  cables: [
    "low_mod > low_car.fm * 0.3", "low_car > low_vca", "low_env > low_vca.cv",
    "high_mod > high_car.fm * 0.3", "high_car > high_vca", "high_env > high_vca.cv",
    "keys.pitch > low_mod.pitch + low_car.pitch",
    "keys.pitch > high_mod.pitch * 2oct + high_car.pitch * 2oct",
    "keys.gate > low_env.gate + high_env.gate",
    "lfo > low_car.fm * 0.25",
    "lfo > high_car.level * 0.1",
    "low_vca + high_vca > out",
  ],
  macros: [(name: "ring", to: ["high_mod.ratio 1..7"])],
)
"#;

fn read(text: &str) -> Patch {
    let parsed = parse(text, "p.ron");
    let told: Vec<_> = parsed.diagnostics.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{told:#?}");
    parsed.patch.expect("valid")
}

fn told(text: &str) -> Vec<String> {
    let parsed = parse(text, "p.ron");
    parsed.diagnostics.iter().map(ToString::to_string).collect()
}

#[test]
fn a_group_used_twice_is_the_patch_written_out() {
    let (grouped, plain) = (read(BELLS), read(WRITTEN_OUT));
    assert_eq!(grouped.modules, plain.modules);
    let key = |c: &chronus::patch::Cable| format!("{c:?}");
    let sorted = |patch: &Patch| {
        let mut cables: Vec<_> = patch.cables.iter().map(key).collect();
        cables.sort();
        cables
    };
    assert_eq!(sorted(&grouped), sorted(&plain));
    assert_eq!(grouped.macros, plain.macros);
}

#[test]
fn a_knob_of_one_use_is_written_at_that_use() {
    let set = |text: &str, module: &str, param: &str, value: f32| {
        set_param(text, module, param, ParamValue::Fixed(value)).expect("set")
    };
    let once = set(BELLS, "high_mod", "ratio", 5.0);
    assert!(once.contains("high: bell(mod: (ratio: 5)),"), "{once}");
    let twice = set(&once, "high_car", "level", 0.5);
    assert!(
        twice.contains("high: bell(car: (level: 0.5), mod: (ratio: 5)),"),
        "{twice}"
    );
    let third = set(&twice, "high_mod", "level", 0.25);
    assert!(third.contains("mod: (ratio: 5, level: 0.25)"), "{third}");
    let other = set(BELLS, "low_mod", "ratio", 9.0);
    assert!(
        other.contains("low: bell(mod: (ratio: 9), env: (d: \"3s\")), // two of them"),
        "{other}"
    );
    let patch = read(&third);
    let node = patch.node("high_mod").expect("there");
    let ratio = patch.modules[node].spec.param("ratio").expect("there");
    assert_eq!(patch.modules[node].params[ratio], ParamValue::Fixed(5.0));
}

/// The cables of a patch with another amount for one of them.
fn turned(text: &str, cable: &str, amount: &str) -> Vec<String> {
    let mut all = cables(text);
    let line = all
        .iter_mut()
        .find(|l| l.starts_with(&format!("{cable} * ")));
    *line.unwrap_or_else(|| panic!("no {cable}")) = format!("{cable} * {amount}");
    all.sort();
    all
}

#[test]
fn an_amount_of_one_use_is_written_at_that_use() {
    let set = |text: &str, module: &str, name: &str, value: f32| {
        let value = ParamValue::Fixed(value);
        let new = edit::set_knob(text, module, name, value).expect("set");
        assert!(told(&new).is_empty(), "{new}: {:?}", told(&new));
        new
    };
    let once = set(BELLS, "low_car", "fm<low_mod", 0.7);
    let first = r#"low: bell(mod: (ratio: 2), env: (d: "3s"), cables: ["mod > car.fm * 0.7"]), // two of them"#;
    assert!(once.contains(first), "{once}");
    assert!(
        once.contains("\"mod > car.fm * 0.3\""),
        "the group's own stays: {once}"
    );
    assert_eq!(cables(&once), turned(BELLS, "low_mod > low_car.fm", "0.7"));
    // Again, as one, and a second one.
    let again = set(&once, "low_car", "fm<low_mod", 0.25);
    assert_eq!(again, once.replace("* 0.7", "* 0.25"));
    let plain = set(&again, "low_car", "fm<low_mod", 1.0);
    assert!(plain.contains("cables: [\"mod > car.fm\"]"), "{plain}");
    assert_eq!(set(&plain, "low_car", "fm<low_mod", 0.7), once);
    let second = set(&once, "low_vca", "cv<low_env", 0.5);
    assert!(
        second.contains(r#"cables: ["mod > car.fm * 0.7", "env > vca.cv * 0.5"]"#),
        "{second}"
    );
    // A use without brackets, and with empty ones.
    let other = set(BELLS, "high_car", "fm<high_mod", 0.1);
    assert!(
        other.contains(r#"high: bell(cables: ["mod > car.fm * 0.1"]),"#),
        "{other}"
    );
    let empty = BELLS.replace("high: bell,", "high: bell(),");
    assert_eq!(set(&empty, "high_car", "fm<high_mod", 0.1), other);
    // Several cables have one amount there: each gets its own.
    let shared = once.replace("\"mod > car.fm * 0.7\"", "\"mod + env > car.fm * 0.7\"");
    let shared = shared.replace("\"mod > car.fm * 0.3\"", "\"mod + env > car.fm * 0.3\"");
    let apart = set(&shared, "low_car", "fm<low_env", 0.2);
    let mut want = turned(&shared, "low_env > low_car.fm", "0.2");
    want.sort();
    assert_eq!(cables(&apart), want, "{apart}");
}

#[test]
fn an_amount_by_a_port_of_a_group_is_written_from_module_to_module() {
    let set = |module: &str, name: &str, value: f32| {
        edit::set_knob(BELLS, module, name, ParamValue::Fixed(value)).expect("set")
    };
    let bright = set("low_car", "fm<lfo", 0.1);
    for line in [
        "\"lfo > low_car.fm * 0.1\",",
        "\"lfo > high_car.level * 0.1\",",
    ] {
        assert!(bright.contains(line), "{bright}");
    }
    assert_eq!(cables(&bright), turned(BELLS, "lfo > low_car.fm", "0.1"));
    // One port, two cables.
    let pitch = set("high_mod", "freq<keys", 1.0);
    assert_eq!(cables(&pitch), turned(BELLS, "keys > high_mod.freq", "1"));
    assert!(pitch.contains("\"keys.pitch > low.pitch\""), "{pitch}");
    assert!(pitch.contains("\"keys > high_car.freq * 2oct\""), "{pitch}");
}

/// The cables of a patch as "from > to", sorted.
fn cables(text: &str) -> Vec<String> {
    let patch = parse(text, "p.ron").patch.expect("valid");
    let cables = patch.cables.iter();
    let mut all: Vec<String> = cables
        .map(|c| {
            let (from, to) = (
                edit::source_text(&patch, c.from),
                edit::target_text(&patch, c.to),
            );
            format!("{from} > {to} * {}", c.amount)
        })
        .collect();
    all.sort();
    all
}

fn edited(text: &str, edit: Edit) -> String {
    let new = edit
        .apply(text)
        .unwrap_or_else(|why| panic!("{edit:?}: {why}"));
    // What is not wired yet is only warned of.
    assert!(parse(&new, "p.ron").patch.is_some(), "{new}");
    new
}

#[test]
fn what_stands_beside_the_groups_is_patched_as_anywhere() {
    let cut = |from: &str, to: &str| Edit::Cut {
        from: from.into(),
        to: to.into(),
    };
    let add = Edit::Add {
        name: "dly".into(),
        kind: "Delay".into(),
        after: Some("low_car".into()),
    };
    let text = edited(BELLS, add);
    assert!(
        text.contains("// two of them\n    dly: Delay(),\n    high: bell"),
        "{text}"
    );
    let wire = Edit::Wire {
        from: "high_vca".into(),
        to: "dly".into(),
        amount: Some("0.5".into()),
        feedback: false,
    };
    let text = edited(&text, wire);
    assert!(text.contains("\"high_vca > dly * 0.5\""), "{text}");
    // A cable that goes by a group's port, one of two into another one, and what stands for several.
    let text = edited(&text, cut("keys.gate", "low_env.gate"));
    assert!(text.contains("\"keys.gate > high.gate\""), "{text}");
    let text = edited(&text, cut("lfo", "high_car.level"));
    assert!(text.contains("\"lfo > low.bright * 50%\""), "{text}");
    let text = edited(
        &text,
        Edit::Rename {
            module: "keys".into(),
            to: "hands".into(),
        },
    );
    assert!(
        text.contains("hands.pitch > low.pitch + high.pitch * 2oct"),
        "{text}"
    );
    let before = cables(&text).len();
    let text = edited(
        &text,
        Edit::Duplicate {
            module: "lfo".into(),
            to: "lfo2".into(),
        },
    );
    assert_eq!(cables(&text).len(), before, "nothing feeds it");
    let text = edited(
        &text,
        Edit::Replace {
            module: "lfo".into(),
            kind: "Random".into(),
        },
    );
    assert!(text.contains("lfo: Random("), "{text}");
    let text = edited(
        &text,
        Edit::Delete {
            module: "hands".into(),
            bridge: true,
        },
    );
    assert!(!text.contains("hands"), "{text}");
    assert!(
        text.contains("low: bell(mod: (ratio: 2), env: (d: \"3s\")), // two of them"),
        "{text}"
    );
    let amount = Edit::Amount {
        from: "high_vca".into(),
        to: "dly".into(),
        amount: Some("0.25".into()),
    };
    assert!(edited(&text, amount).contains("\"high_vca > dly * 0.25\""));
}

#[test]
fn what_is_inside_a_group_is_changed_there_and_the_refusal_says_so() {
    let why = |edit: Edit| match edit.apply(BELLS) {
        Err(EditError::Group(why)) => why,
        other => panic!("{edit:?}: {other:?}"),
    };
    let module = |module: &str| Edit::Delete {
        module: module.into(),
        bridge: false,
    };
    let cut = |from: &str, to: &str| Edit::Cut {
        from: from.into(),
        to: to.into(),
    };
    let inside = why(module("low_mod"));
    assert!(
        inside.contains("part of `low`") && inside.contains("group `bell`"),
        "{inside}"
    );
    assert!(why(module("low")).contains("`low: bell` is a use of a group"));
    for cut in [
        cut("low_mod", "low_car.fm"),
        cut("keys.pitch", "low_mod.pitch"),
    ] {
        let why = why(cut);
        assert!(why.contains("screen 3"), "{why}");
    }
}

#[test]
fn mistakes_are_told_where_they_stand() {
    let with = |groups: &str, modules: &str, cables: &str| {
        format!("(groups: ({groups}), modules: ({modules}, out: Out()), cables: [{cables}])")
    };
    let voice = r#"v: (modules: (o: Sine()), cables: ["in.pitch > o.pitch", "o > out"])"#;
    for (text, wanted) in [
        (
            with(voice, "a: v(x: (level: 1))", r#""a > out""#),
            "p.ron:1:97 the group `v` has no module `x`; it has o",
        ),
        (
            with(voice, "a: v(o: (levl: 1))", r#""a > out""#),
            "p.ron:1:101 `Sine` has no `levl`; did you mean `level`?",
        ),
        (
            with(voice, r#"a: v(cables: ["o > p.freq"])"#, r#""a > out""#),
            "the group `v` has no module `p`; it has o",
        ),
        (
            with(voice, r#"a: v(cables: ["o > o.fm * 0.5"])"#, r#""a > out""#),
            "the group `v` has no cable o > o.fm",
        ),
        (
            with(voice, "a: v(cables: 3)", r#""a > out""#),
            "`cables` of a use takes a list",
        ),
        (
            with(voice, "a: w", r#""a > out""#),
            "unknown module `w`; there is",
        ),
        (
            with(voice, "a: v", r#""a.left > out""#),
            "`a` has no output `left`; it has out",
        ),
        (
            with(voice, "a: v, l: Lfo", r#""l > a.pitsch", "a > out""#),
            "`a` has no input `pitsch`; did you mean `a.pitch`?",
        ),
        (
            with(voice, "a: v, a_o: Sine", r#""a + a_o > out""#),
            "`a_o` is named twice",
        ),
        (
            with(voice, "o: Sine", r#""o > out""#),
            "the group `v` is never used",
        ),
        (
            with(
                r#"v: (modules: (o: Sine()), cables: ["in > out", "o > out"])"#,
                "a: v",
                r#""a > out""#,
            ),
            "a cable from `in` to `out` passes the group by",
        ),
        (
            with(
                r#"v: (modules: (o: Sine(), x: Out()), cables: ["o > x"])"#,
                "a: v",
                r#""a_o > out""#,
            ),
            "an `Out` belongs to the patch; a group ends in `> out`",
        ),
        (
            with(r#"Sine: (modules: (o: Sine()))"#, "a: Sine", r#""a > out""#),
            "`Sine` is a kind of module; a group needs another name",
        ),
        (
            with(r#"v: (modules: (o: v()))"#, "a: v", r#""a > out""#),
            "unknown module `v`",
        ),
        (
            with("v: 3", "a: Sine", r#""a > out""#),
            "the group `v` takes",
        ),
    ] {
        let told = told(&text);
        assert!(
            told.iter().any(|line| line.contains(wanted)),
            "{text}\nwanted {wanted}\ntold {told:#?}"
        );
    }
}

#[test]
fn a_bomb_of_groups_is_refused() {
    let many =
        |what: &dyn Fn(usize) -> String, n: usize| (0..n).map(what).collect::<Vec<_>>().join(", ");
    let body = many(&|n| format!("m{n}: Sine"), 2_000);
    let uses = many(&|n| format!("u{n}: g"), 2_000);
    let text = format!(
        "(groups: (g: (modules: ({body}), cables: [\"m0 > out\"])), modules: ({uses}, out: Out()), cables: [\"u0 > out\"])"
    );
    let told = told(&text);
    assert!(
        told.iter().any(|t| t.contains("more than 20000 modules")),
        "{:?}",
        told.first()
    );
}

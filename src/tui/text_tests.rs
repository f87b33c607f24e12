//! The Text screen: what is typed, what is offered, what other programs do to it meanwhile.
use crate::dsp::cpu;

use super::app::Layer;
use super::color::Depth;
use super::scene::{ACID, Scene, loaded, playing};

/// The screen with a text in it and the cursor behind a part of it, in EDIT.
pub fn at(part: &str) -> Scene {
    let mut scene = playing(Depth::True);
    scene.press("3 e");
    scene.app.text.search.clear();
    scene.press("^F");
    scene.type_text(part);
    scene.press("Enter");
    for _ in part.chars() {
        scene.press("Right");
    }
    scene.app.text.search.clear();
    scene
}

pub fn text(scene: &Scene) -> String {
    scene.app.text.text()
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_opened_and_holds_nothing_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe.ron");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let (done, finished) = std::sync::mpsc::channel();
    // On a thread of its own: what waits for a writer waits for ever.
    std::thread::spawn(move || {
        let mut scene = playing(Depth::True);
        let opened = scene.app.text.open_file(pipe).map_err(|e| e.to_string());
        done.send(opened)
    });
    let opened = finished.recv_timeout(std::time::Duration::from_secs(10));
    let why = opened.expect("it is answered").expect_err("refused");
    assert!(why.contains("not a patch file"), "{why}");
}

#[test]
fn the_cursor_stands_where_wide_letters_put_it() {
    let mut scene = playing(Depth::True);
    scene.press("3 e");
    scene.type_text("// 音楽 ab");
    let area = ratatui::layout::Rect::new(0, 0, 80, 24);
    let mut buf = ratatui::buffer::Buffer::empty(area);
    let cursor = super::draw::draw_into(&mut scene.app, area, &mut buf).expect("a cursor");
    assert_eq!(buf[(cursor.x - 1, cursor.y)].symbol(), "b");
}

/// What happens while the text has an error is told for a while, then the error again.
#[test]
fn an_error_hides_nothing_that_is_said_after_it() {
    let mut scene = at("vco: Sine()");
    scene.press("Delete");
    scene.type_text("x");
    let row = |scene: &mut Scene| scene.text(100, 24).lines().nth(22).map(str::to_owned);
    assert!(row(&mut scene).expect("a row").contains("Error"));
    scene.app.say("Recorded 3.0 s");
    scene.look();
    assert!(row(&mut scene).expect("a row").contains("Recorded"));
    for _ in 0..30 {
        scene.look();
    }
    assert!(row(&mut scene).expect("a row").contains("Error"));
    scene.app.say("Recorded 4.0 s");
    scene.type_text("y");
    assert!(row(&mut scene).expect("a row").contains("Error"), "typing");
}

#[test]
fn a_sentence_too_long_for_its_row_takes_the_next_one_a_while() {
    let mut scene = playing(Depth::True);
    let long = "What is said here is longer than eighty columns and so it is shown in both of the last two rows of it.";
    scene.app.say(long);
    let shown = scene.text(80, 24);
    let rows: Vec<&str> = shown.lines().skip(22).map(str::trim).collect();
    assert_eq!(rows.join(" "), long);
    for _ in 0..30 {
        scene.look();
    }
    let shown = scene.text(80, 24);
    assert!(
        shown
            .lines()
            .nth(22)
            .is_some_and(|l| l.trim_end().ends_with('…'))
    );
    assert!(shown.lines().nth(23).is_some_and(|l| l.contains("? help")));
}

#[test]
fn a_patch_is_completed_from_the_specs_as_it_is_typed() {
    let mut scene = at("pan: Pan(),");
    scene.press("Enter");
    scene.type_text("vcf: Lad");
    let shown = scene.text(80, 24);
    assert!(shown.contains("▸ Ladder"), "{shown}");
    insta::assert_snapshot!("complete-80x24", shown);
    scene.press("Enter");
    assert!(text(&scene).contains("vcf: Ladder()"), "{}", text(&scene));
    let shown = scene.text(120, 40);
    assert!(
        shown.contains("▸ cutoff"),
        "after the bracket what it has:\n{shown}"
    );
    scene.press("Tab");
    assert!(text(&scene).contains("Ladder(cutoff: )"));
    scene.type_text("\"800k");
    let shown = scene.text(80, 24);
    assert!(shown.contains("▸ kHz"), "{shown}");
    scene.press("Tab");
    scene.type_text("\", re");
    scene.press("Tab");
    assert!(
        text(&scene).contains("\"800kHz\", res: )"),
        "{}",
        text(&scene)
    );
    scene.press("Esc");
    assert_eq!(
        scene.app.layer,
        Layer::Edit,
        "the first Esc closes the list"
    );
    scene.press("Esc");
    assert_eq!(scene.app.layer, Layer::Nav);
}

#[test]
fn ports_are_offered_in_cables_and_esc_closes_the_list() {
    let mut scene = at("\"lfo > pan.");
    scene.press("Backspace");
    scene.type_text(".");
    let shown = scene.text(80, 24);
    assert!(shown.contains("▸ in"), "{shown}");
    scene.press("Down");
    scene.press("Esc");
    assert!(!scene.text(80, 24).contains("▸ "));
    assert_eq!(text(&scene), ACID);
}

#[test]
fn several_faults_are_walked_through_and_mended() {
    let mut scene = at("vco: Sine");
    for _ in 0..3 {
        scene.press("Backspace");
    }
    scene.type_text("ne(), w: Vcaa");
    scene.press("Esc");
    assert_eq!(scene.app.layer, Layer::Nav);
    scene.press("[");
    let first = scene.app.sentence.text.clone();
    assert!(first.contains("of 2"), "{first}");
    scene.press("]");
    let second = scene.app.sentence.text.clone();
    assert!(second != first && second.contains("of 2"), "{second}");
    scene.press("e Tab");
    assert!(
        scene.app.sentence.text.contains("1 error left"),
        "{}",
        scene.app.sentence.text
    );
    scene.press("^N Tab");
    scene.look();
    let shown = text(&scene);
    assert!(shown.contains("Sine(), w: Vca"), "{shown}");
}

#[test]
fn a_file_that_another_program_changed_is_not_written_over_unasked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.ron");
    std::fs::write(&path, ACID).expect("written");
    let mut scene = playing(Depth::True);
    scene.app.text.open_file(path.clone()).expect("there");
    scene.press("3 e End");
    scene.type_text(" // mine");
    let other = ACID.replace("acid bass", "another");
    std::fs::write(&path, &other).expect("written");
    for _ in 0..3 {
        scene.look();
    }
    assert!(text(&scene).contains("// mine"), "typed text is never lost");
    scene.press("^S");
    let shown = scene.text(80, 24);
    assert!(shown.contains("changed by another program"), "{shown}");
    scene.press("Esc");
    assert_eq!(std::fs::read_to_string(&path).expect("there"), other);
    scene.press("^S r");
    assert_eq!(text(&scene), other);
    scene.press("^Z");
    assert!(text(&scene).contains("// mine"), "undo brings it back");
    scene.press("^S");
    assert!(
        scene.app.overlay.is_none(),
        "it is known what the file says"
    );
    assert!(
        std::fs::read_to_string(&path)
            .expect("there")
            .contains("// mine")
    );
    scene.type_text("more ");
    scene.press("^S");
    assert!(scene.app.overlay.is_none(), "what it wrote itself is known");
    // Without typing a change on disk is taken up.
    std::fs::write(&path, ACID).expect("written");
    for _ in 0..3 {
        scene.look();
    }
    assert_eq!(text(&scene), ACID);
}

#[test]
fn what_sounds_stands_out_in_the_text() {
    let mut scene = playing(Depth::True);
    scene.press("3");
    let reversed = |scene: &mut Scene| -> String {
        let buf = scene.draw(120, 40);
        let cells = buf.content().iter().skip(120);
        let cells = cells.filter(|c| c.modifier.contains(ratatui::style::Modifier::REVERSED));
        cells.map(|c| c.symbol().to_owned()).collect()
    };
    let beat = 48_000.0 * 60.0 / 132.0;
    for (step, want) in [(0.0, "C2"), (2.0, "Eb2!"), (3.0, ""), (4.0, "C3~")] {
        let frame = ((step + 0.5) * beat / 4.0) as u64;
        scene.reading(|reading| reading.frame = frame);
        scene.look();
        assert_eq!(reversed(&mut scene), want, "step {step}");
    }
    scene.publish(|view| view.playing = false);
    assert_eq!(reversed(&mut scene), "");
}

#[test]
fn a_key_is_checked_and_shown_within_50_ms_in_a_patch_of_hundreds_of_modules() {
    let modules: String = (0..300)
        .map(|n| format!("    m{n}: Svf(cutoff: \"{}Hz\"),\n", n + 100))
        .collect();
    let cables: String = (1..300)
        .map(|n| format!("    \"m{} > m{n}\",\n", n - 1))
        .collect();
    let big = format!(
        "(\n  name: \"big\",\n  modules: (\n{modules}    saw: Saw(),\n    out: Out(),\n  ),\n  cables: [\n    \"saw > m0\",\n{cables}    \"m299 > out\",\n  ],\n)\n"
    );
    let mut scene = playing(Depth::True);
    scene.publish(|view| view.slots[0].loaded = Some(loaded(&big, "big.ron")));
    scene.press("3 e Down Down Down Down");
    for _ in 0..10 {
        scene.press("Right");
    }
    let mut worst = 0.0f64;
    for key in [
        "x",
        "Backspace",
        "S",
        "v",
        "Backspace",
        "Backspace",
        "(",
        "Backspace",
    ] {
        let start = cpu::seconds();
        scene.press(key);
        scene.draw(120, 40);
        worst = worst.max(cpu::seconds() - start);
    }
    println!("slowest of the keys: {:.1} ms", worst * 1e3);
    // Of a processor's time: other programs share the machine with this test.
    assert!(worst < 0.05, "{worst} s");
}

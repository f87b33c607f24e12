//! The examples of docs/patch-format.md read as the page says.
#![allow(clippy::unwrap_used)]
use chronus::patch::file::parse;

/// The fenced blocks of a page: what stands behind the fence, and the text.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let mut blocks = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once("\n```") {
        let (tag, after) = after.split_once('\n').unwrap();
        let (text, after) = after.split_once("```").unwrap();
        blocks.push((tag, text));
        rest = after;
    }
    blocks
}

#[test]
fn the_examples_are_what_the_page_says() {
    let page = include_str!("../docs/patch-format.md");
    let blocks = blocks(page);
    let mut good = 0;
    let mut bad = 0;
    for pair in blocks
        .windows(2)
        .chain(std::iter::once(&blocks[blocks.len() - 1..]))
    {
        let (tag, text) = pair[0];
        let parsed = parse(text, "my.ron");
        let found: Vec<String> = parsed.diagnostics.iter().map(|d| d.to_string()).collect();
        match tag {
            "ron" => {
                assert_eq!(found, Vec::<String>::new(), "{text}");
                good += 1;
            }
            "ron wrong" => {
                let expected: Vec<&str> = pair[1].1.lines().collect();
                assert_eq!(
                    (pair[1].0, found.iter().map(String::as_str).collect()),
                    ("text", expected)
                );
                bad += 1;
            }
            "text" => {}
            tag => panic!("`{tag}` is no tag of this page"),
        }
    }
    assert!(good >= 4 && bad >= 3, "{good} {bad}");
}

#[test]
fn every_shipped_patch_reads() {
    let mut seen = 0;
    let mut folders = vec![std::path::PathBuf::from("patches")];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap().flatten() {
            let path = file.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "ron") {
                let (_, parsed) = chronus::patch::file::load(&path).unwrap();
                let errors: Vec<_> = parsed.errors().map(|d| d.to_string()).collect();
                assert!(errors.is_empty(), "{errors:#?}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 10);
}

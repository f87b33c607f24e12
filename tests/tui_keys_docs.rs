//! The printed page stays what the table says.

#[test]
fn the_page_is_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
    let page = chronus::tui::keys_page();
    if std::env::var_os("CHRONUS_WRITE_DOCS").is_some() {
        std::fs::write(path, &page).expect("docs/keys.md is written");
    }
    let written = std::fs::read_to_string(path).expect("docs/keys.md is there");
    assert!(
        written == page,
        "docs/keys.md is out of date: CHRONUS_WRITE_DOCS=1 cargo test --test tui_keys_docs"
    );
}

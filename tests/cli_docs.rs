//! The printed page stays what the table says.

#[test]
fn the_page_is_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/modules.md");
    let page = chronus::app::modules::page();
    if std::env::var_os("CHRONUS_WRITE_DOCS").is_some() {
        std::fs::write(path, &page).expect("docs/modules.md is written");
    }
    let written = std::fs::read_to_string(path).expect("docs/modules.md is there");
    assert!(
        written == page,
        "docs/modules.md is out of date: CHRONUS_WRITE_DOCS=1 cargo test --test cli_docs"
    );
}

//! The printed page stays what the table says.

#[test]
fn the_page_is_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/osc.md");
    let page = chronus::osc::docs::page();
    if std::env::var_os("CHRONUS_WRITE_DOCS").is_some() {
        std::fs::write(path, &page).expect("docs/osc.md is written");
    }
    let written = std::fs::read_to_string(path).expect("docs/osc.md is there");
    assert!(
        written == page,
        "docs/osc.md is out of date: CHRONUS_WRITE_DOCS=1 cargo test --test osc_docs"
    );
}

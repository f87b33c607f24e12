//! The files of the patches that come with the program. For the tests that ask something of all of them.
use std::path::{Path, PathBuf};

/// All but those of `bench`, which are there to be measured; in the order of their paths.
pub fn paths() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("patches"),
        &mut paths,
    );
    paths.sort();
    paths
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for file in std::fs::read_dir(folder).expect("patches") {
        let path = file.expect("readable").path();
        if path.is_dir() && !path.ends_with("bench") {
            collect(&path, paths);
        } else if path.extension().is_some_and(|e| e == "ron") {
            paths.push(path);
        }
    }
}

//! Saves a text so that a reader finds the old or the new one, whole, whatever happens in between.
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What a save does, in order. Tests stop it before each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Create,
    Write,
    Sync,
    Rename,
}

/// Replaces a file's text, and makes the folder where there is none. Permissions stay; a symbolic link stays one, and what it points to is replaced.
pub fn save_atomic(path: &Path, text: &str) -> io::Result<()> {
    save(path, text, &mut |_| Ok(()))
}

fn save(path: &Path, text: &str, before: &mut dyn FnMut(Step) -> io::Result<()>) -> io::Result<()> {
    let path = follow(path)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // What was worked on is not lost for a folder.
    fs::create_dir_all(folder).map_err(|error| {
        let why = format!(
            "there is no folder {} and none can be made: {error}",
            folder.display()
        );
        io::Error::new(error.kind(), why)
    })?;
    let permissions = replaceable(&path)?;
    before(Step::Create)?;
    // In the same folder: a rename across file systems would be a copy.
    let mut builder = tempfile::Builder::new();
    builder.prefix(".chronus-").suffix(".tmp");
    let created = new_file_permissions();
    if let Some(created) = &created {
        builder.permissions(created.clone());
    }
    let mut file = builder.tempfile_in(folder).map_err(plain)?;
    before(Step::Write)?;
    file.write_all(text.as_bytes())?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    before(Step::Sync)?;
    file.as_file().sync_all()?;
    before(Step::Rename)?;
    file.persist(&path).map_err(|error| error.error)?;
    sync_folder(folder);
    Ok(())
}

/// What the system said, without the passing file's name: nobody asked for that one.
fn plain(error: io::Error) -> io::Error {
    let inner = error.get_ref().and_then(std::error::Error::source);
    let code = inner.and_then(|e| e.downcast_ref::<io::Error>());
    match code.and_then(io::Error::raw_os_error) {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error,
    }
}

/// The file that a path means in the end, even where it does not exist yet.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // As many as the kernel follows.
    for _ in 0..40 {
        let Ok(target) = fs::read_link(&path) else {
            return Ok(path);
        };
        path = match path.parent() {
            Some(folder) => folder.join(target),
            None => target,
        };
    }
    Err(io::Error::other("too many symbolic links"))
}

/// The permissions to keep; an error where the file should not be replaced.
fn replaceable(path: &Path) -> io::Result<Option<Permissions>> {
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !about.is_file() {
        let kind = super::file::kind_name(&about);
        return Err(io::Error::other(format!(
            "{kind} can't be replaced by a patch"
        )));
    }
    if about.permissions().readonly() {
        let kind = io::ErrorKind::PermissionDenied;
        return Err(io::Error::new(kind, "the file is read-only"));
    }
    Ok(Some(about.permissions()))
}

/// As an editor would create it: temporary files are closed to others otherwise.
#[cfg(unix)]
fn new_file_permissions() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn new_file_permissions() -> Option<Permissions> {
    None
}

/// Makes the rename last through a power cut. The text is safe without it, and not every file system can do it.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [Step; 4] = [Step::Create, Step::Write, Step::Sync, Step::Rename];

    #[test]
    fn a_failure_at_any_step_leaves_the_old_text_and_no_litter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ron");
        fs::write(&path, "old").unwrap();
        for failing in STEPS {
            let result = save(&path, "new", &mut |step| {
                // What another program would read at this moment.
                assert_eq!(fs::read_to_string(&path)?, "old");
                match step == failing {
                    true => Err(io::Error::other("fault")),
                    false => Ok(()),
                }
            });
            assert!(result.is_err(), "{failing:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
        save(&path, "new", &mut |_| Ok(())).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_missing_is_made_and_one_that_can_not_be_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/patch.ron");
        save_atomic(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        let why = save_atomic(&path.join("c/d.ron"), "lost")
            .unwrap_err()
            .to_string();
        assert!(why.contains("patch.ron/c and none can be made"), "{why}");
    }

    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (
            folder.path().join("real.ron"),
            folder.path().join("link.ron"),
        );
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        symlink("real.ron", &link).unwrap();
        save_atomic(&link, "new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(
            fs::metadata(&real).unwrap().permissions().mode() & 0o777,
            0o640
        );

        fs::set_permissions(&real, Permissions::from_mode(0o440)).unwrap();
        assert!(save_atomic(&real, "third").is_err());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert!(save_atomic(folder.path(), "x").is_err());

        let dangling = folder.path().join("dangling.ron");
        symlink("later.ron", &dangling).unwrap();
        save_atomic(&dangling, "made").unwrap();
        assert_eq!(
            fs::read_to_string(folder.path().join("later.ron")).unwrap(),
            "made"
        );
    }
}

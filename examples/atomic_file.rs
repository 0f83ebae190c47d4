//! Files that appear whole or not at all.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;

/// How the names of files begin that are being written; what is left of them after a kill may be removed.
pub const TEMPORARY_PREFIX: &str = ".being-written-";

/// Writes `bytes` under a temporary name beside `path`, then renames it: a reader never sees half a file.
///
/// # Errors
/// When the folder cannot be written to, naming the file.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)
        .with_context(|| format!("{}: cannot create the folder", folder.display()))?;
    let failed = || format!("{}: cannot write the file", path.display());
    let mut temporary = tempfile::Builder::new()
        .prefix(TEMPORARY_PREFIX)
        .tempfile_in(folder)
        .with_context(failed)?;
    // Written through the file itself, whose errors do not tell the temporary name.
    let file = temporary.as_file_mut();
    file.write_all(bytes).with_context(failed)?;
    make_readable(&temporary).with_context(failed)?;
    let persisted = temporary.persist(path);
    persisted
        .map_err(|error| error.error)
        .with_context(failed)?;
    Ok(())
}

/// Temporary files are private to their owner; results follow the usual rules of the folder.
#[cfg(unix)]
fn make_readable(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file()
        .set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_file_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("table.csv");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}

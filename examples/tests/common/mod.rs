//! Where the programs under test are.

use std::path::PathBuf;

/// The file of a program: examples are built beside the tests, in `target/<profile>/examples`.
///
/// # Panics
/// When it has not been built.
pub fn program_path(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its file");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("target/<profile>/deps/<test>");
    let path = profile
        .join("examples")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is missing: cargo test -p examples builds it",
        path.display()
    );
    path
}

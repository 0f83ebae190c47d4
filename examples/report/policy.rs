//! What the page may do: its own scripts, known by their hashes, inline style and inline pictures. Nothing is loaded from anywhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The content of a `Content-Security-Policy` under which exactly these inline scripts run, each once in the list however often it is in the page.
///
/// Pages inside a frame without an address of their own inherit it, so their scripts belong to the list. A script that text smuggles into the
/// page has no hash here and does not run.
pub(super) fn policy<'a>(scripts: impl IntoIterator<Item = &'a str>) -> String {
    let mut sources: Vec<String> = Vec::new();
    for script in scripts {
        let source = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script)));
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    format!(
        "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
        sources.join(" ")
    )
}

/// The inline scripts of a page of our own; blocks of data, which have a type, are none.
pub(super) fn inline_scripts(page: &str) -> Vec<&str> {
    page.split("<script>")
        .skip(1)
        .filter_map(|after| Some(after.split_once("</script>")?.0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_known_by_its_hash() {
        // The digest is that of `printf 'alert(1)' | openssl dgst -sha256 -binary | base64`.
        let policy = policy(["alert(1)", "alert(1)"]);
        let source = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='";
        assert_eq!(policy.matches(source).count(), 1, "{policy}");
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"));
        assert!(!policy.contains("http"));
    }

    #[test]
    fn data_is_no_script() {
        let page = "<script type=\"application/json\">{}</script><script>a</script><p></p><script>\nb</script>";
        assert_eq!(inline_scripts(page), ["a", "\nb"]);
        assert!(inline_scripts("<script>never closed").is_empty());
    }
}

//! Features of the standard from the command line.

use crate::common::{fails, golden, program, rows};
use crate::{workplace, write};

/// The values of one case in the long format: feature, value.
fn features(arguments: &[&str]) -> Vec<(String, f64)> {
    let run = program("extract_radiomics")
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let text = String::from_utf8(run.stdout).unwrap();
    let fields = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>());
    fields
        .map(|fields| (fields[1].to_owned(), fields[2].parse().unwrap()))
        .collect()
}

#[test]
fn a_configuration_of_the_standard_is_a_parameter_file() {
    let image = golden("radiomics-features", "ibsi1/configurations/image.nrrd");
    let mask = golden("radiomics-features", "ibsi1/configurations/mask.nrrd");
    let [image, mask] = [image, mask].map(|path| path.to_string_lossy().into_owned());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.yaml");
    std::fs::write(&file, radiomics_features::ibsi::Configuration::C.as_yaml()).unwrap();
    let file = file.to_string_lossy().into_owned();
    let common = [
        image.as_str(),
        mask.as_str(),
        "--format",
        "long",
        "--params",
        &file,
    ];
    let found = features(&common);
    // Expected of the reference program, which names features by their tags.
    let (_, expected) = rows(&golden("radiomics-features", "ibsi1/configurations/c.csv"));
    for tag in [
        "morph_volume",
        "morph_moran_i",
        "loc_peak_glob",
        "stat_mean",
        "ivh_i90",
    ] {
        let value = expected.iter().find(|row| row[0] == tag).unwrap()[1]
            .parse::<f64>()
            .unwrap();
        let prefix = format!("original_{tag}_");
        let (_, ours) = found
            .iter()
            .find(|(name, _)| name.starts_with(&prefix))
            .unwrap();
        assert!(
            (ours - value).abs() <= 1e-5 * value.abs(),
            "{tag}: {ours}, {value}"
        );
    }
    assert!(
        found
            .iter()
            .any(|(name, _)| name == "original_cm_contrast_ACUI_3D_avg")
    );
    let mut with_profile = common.to_vec();
    with_profile.extend(["--profile", "ibsi", "--class", "intensity_statistics"]);
    assert_eq!(features(&with_profile).len(), 18);
    let mut against = common.to_vec();
    against.extend(["--profile", "pyradiomics"]);
    assert!(fails("extract_radiomics", folder.path(), &against, 2).contains("--profile"));
}

#[test]
fn the_profile_alone_has_defaults_and_settings_in_sections() {
    let folder = workplace(2);
    let root = folder.path();
    let run = |out: &str, jobs: &str| {
        let arguments = [
            "batch.csv",
            "--profile",
            "ibsi",
            "--setting",
            "discretization.fixed_bin_number:16",
            "--jobs",
            jobs,
            "--out",
            out,
        ];
        program("extract_radiomics")
            .current_dir(root)
            .args(arguments)
            .assert()
            .success();
        std::fs::read(root.join(out)).unwrap()
    };
    assert_eq!(run("one.csv", "1"), run("two.csv", "2"));
    let (header, lines) = rows(&root.join("one.csv"));
    assert_eq!(lines.len(), 2);
    let levels = header
        .iter()
        .position(|name| name == "original_ih_max_3NCY")
        .unwrap();
    assert!(lines.iter().all(|line| line[levels] == "16"));
    write(root, "pyradiomics.yaml", "setting: {binWidth: 25}\n");
    for (arguments, word) in [
        (
            vec!["--profile", "ibsi", "--image-type", "Wavelet"],
            "Wavelet",
        ),
        (
            vec!["--profile", "ibsi", "--class", "firstorder"],
            "firstorder",
        ),
        (
            vec!["--profile", "ibsi", "--setting", "discretization.bins:8"],
            "bins",
        ),
        (
            vec!["--profile", "ibsi", "--params", "pyradiomics.yaml"],
            "profile: ibsi",
        ),
    ] {
        let mut all = vec!["batch.csv"];
        all.extend(arguments);
        let stderr = fails("extract_radiomics", root, &all, 2);
        assert!(stderr.contains(word), "{stderr}");
    }
}

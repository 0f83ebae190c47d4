//! A PyRadiomics parameter file with settings, image types and feature classes from the command line laid over it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use radiomics_features::{Params, Profile};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::program::{WrongUsage, warn};

/// The options by which a command line gives parameters.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ParameterOptions {
    /// A parameter file, YAML or JSON: PyRadiomics', or one of the standard (profile: ibsi); without it the profile's defaults hold.
    #[arg(long, value_name = "FILE")]
    pub params: Option<PathBuf>,
    /// Replaces one setting, such as binWidth:10, or discretization.fixed_bin_number:32 with the profile ibsi (repeatable).
    #[arg(long = "setting", value_name = "KEY:VALUE")]
    pub settings: Vec<String>,
    /// Image types instead of those of the parameter file [default: Original] (repeatable).
    #[arg(long = "image-type", value_name = "NAME")]
    pub image_types: Vec<String>,
    /// Feature classes, or families of the standard, instead of those of the parameter file [default: all but shape2D] (repeatable).
    #[arg(long = "class", value_name = "NAME")]
    pub classes: Vec<String>,
}

impl ParameterOptions {
    /// The parameters that the options amount to, under a profile or that of the file.
    ///
    /// # Errors
    /// As [`resolve`].
    pub fn resolve(&self, profile: Option<Profile>) -> anyhow::Result<Params> {
        let overrides = Overrides {
            profile,
            settings: self.settings.clone(),
            image_types: self.image_types.clone(),
            classes: self.classes.clone(),
        };
        resolve(self.params.as_deref(), &overrides)
    }

    /// Names features that were asked for and are left out, as PyRadiomics leaves them out, because they equal others.
    pub fn warn_of_replaced(&self, params: &Params) {
        for replaced in params.replaced_features() {
            warn(&replaced.to_string());
        }
    }

    /// The options for a run record.
    pub fn record(&self) -> [(&'static str, Value); 4] {
        let file = self.params.as_ref();
        [
            (
                "params",
                file.map(|path| path.to_string_lossy().into_owned()).into(),
            ),
            ("setting", self.settings.clone().into()),
            ("image_type", self.image_types.clone().into()),
            ("class", self.classes.clone().into()),
        ]
    }
}

/// What the command line says about parameters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// Whose conventions hold; if nothing was said, those of the file.
    pub profile: Option<Profile>,
    /// `KEY:VALUE` pairs, each replacing a setting of the file.
    pub settings: Vec<String>,
    /// Image types, replacing those of the file if there are any.
    pub image_types: Vec<String>,
    /// Feature classes, replacing those of the file if there are any.
    pub classes: Vec<String>,
}

/// Resolves the parameters of an extraction: the file, or the profile's defaults, with the overrides laid over.
///
/// # Errors
/// What is wrong in the file, with its line; [`WrongUsage`] for an override that is not understood, or a profile that is not that of
/// the file.
pub fn resolve(file: Option<&Path>, overrides: &Overrides) -> anyhow::Result<Params> {
    let base = match (file, overrides.profile) {
        // Read for its own sake first, so that faults carry the line of the file.
        (Some(path), _) => Params::read(path)?,
        (None, Some(Profile::Ibsi)) => Params::ibsi(),
        (None, _) => Params::default(),
    };
    if let Some(profile) = overrides.profile.filter(|&profile| profile != base.profile) {
        let (wanted, found) = match profile {
            Profile::Ibsi => ("the line profile: ibsi", "none"),
            Profile::Pyradiomics => ("a parameter file of PyRadiomics", "profile: ibsi"),
        };
        let file = file.unwrap_or(Path::new("")).display();
        return Err(WrongUsage(format!(
            "--profile: expected {wanted} in {file}, found {found}"
        ))
        .into());
    }
    let has_overrides = [
        &overrides.settings,
        &overrides.image_types,
        &overrides.classes,
    ]
    .iter()
    .any(|list| !list.is_empty());
    if !has_overrides {
        return Ok(base);
    }
    let mut tree = match (file, base.profile) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("{}: cannot read the file", path.display()))?;
            serde_saphyr::from_str(&text)
                .with_context(|| format!("{}: not a parameter file", path.display()))?
        }
        (None, Profile::Pyradiomics) => Node::Map(default_classes()),
        (None, Profile::Ibsi) => {
            Node::Map(vec![("profile".to_owned(), Node::Text("ibsi".to_owned()))])
        }
    };
    match base.profile {
        Profile::Pyradiomics => lay_over(&mut tree, overrides)?,
        Profile::Ibsi => lay_over_standard(&mut tree, overrides)?,
    }
    // JSON is YAML; the parser checks names and types as in a file.
    tree.to_json()
        .parse()
        .map_err(|error: radiomics_features::Error| {
            WrongUsage(format!("--setting, --image-type or --class: {error}")).into()
        })
}

/// A setting and its value.
fn pair(setting: &str) -> anyhow::Result<(&str, Node)> {
    let (key, value) = setting
        .split_once(':')
        .ok_or_else(|| WrongUsage(format!("--setting: expected KEY:VALUE, found {setting}")))?;
    let value = serde_saphyr::from_str(value.trim()).map_err(|_| {
        WrongUsage(format!(
            "--setting {key}: expected a YAML value, found {value}"
        ))
    })?;
    Ok((key.trim(), value))
}

/// Lays overrides over a parameter file of PyRadiomics.
fn lay_over(tree: &mut Node, overrides: &Overrides) -> anyhow::Result<()> {
    for setting in &overrides.settings {
        let (key, value) = pair(setting)?;
        tree.entry("setting").set(key, value);
    }
    for (section, names) in [
        ("imageType", &overrides.image_types),
        ("featureClass", &overrides.classes),
    ] {
        if !names.is_empty() {
            let entries = names
                .iter()
                .map(|name| (name.clone(), Node::Null))
                .collect();
            tree.set(section, Node::Map(entries));
        }
    }
    Ok(())
}

/// Lays overrides over a parameter file of the standard, whose keys are in sections: `section.key:value`.
fn lay_over_standard(tree: &mut Node, overrides: &Overrides) -> anyhow::Result<()> {
    if let Some(name) = overrides.image_types.first() {
        let problem = format!(
            "--image-type {name}: expected no image type with the profile ibsi, whose images are in the parameter file"
        );
        return Err(WrongUsage(problem).into());
    }
    for setting in &overrides.settings {
        let (path, value) = pair(setting)?;
        let mut node = &mut *tree;
        let mut keys = path.split('.').peekable();
        while let Some(key) = keys.next() {
            if keys.peek().is_none() {
                node.set(key, value);
                break;
            }
            node = node.entry(key);
        }
    }
    if !overrides.classes.is_empty() {
        let names = overrides.classes.iter().cloned().map(Node::Text).collect();
        tree.entry("features").set("families", Node::List(names));
    }
    Ok(())
}

/// A file without `featureClass` asks for every class; the command line without a file asks for PyRadiomics' default classes.
fn default_classes() -> Vec<(String, Node)> {
    let classes = Params::default()
        .families
        .iter()
        .map(|family| (family.family.to_string(), Node::Null))
        .collect();
    vec![("featureClass".to_owned(), Node::Map(classes))]
}

/// A YAML value with its keys in order.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The entry of a map, created as an empty map where there is none. Anything but a map becomes one.
    fn entry(&mut self, key: &str) -> &mut Self {
        if !matches!(self, Self::Map(entries) if entries.iter().any(|(name, _)| name == key)) {
            self.set(key, Self::Map(Vec::new()));
        }
        let Self::Map(entries) = self else {
            unreachable!("set makes a map")
        };
        let position = entries
            .iter()
            .position(|(name, _)| name == key)
            .expect("just made");
        &mut entries[position].1
    }

    fn set(&mut self, key: &str, value: Self) {
        if !matches!(self, Self::Map(_)) {
            *self = Self::Map(Vec::new());
        }
        let Self::Map(entries) = self else {
            unreachable!("just made a map")
        };
        match entries.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => entries.push((key.to_owned(), value)),
        }
    }

    fn to_json(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Float(value) => format!("{value:?}"),
            Self::Text(text) => quoted(text),
            Self::List(items) => {
                format!(
                    "[{}]",
                    items
                        .iter()
                        .map(Self::to_json)
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            }
            Self::Map(entries) => {
                let mut text = String::from("{");
                for (k, (name, value)) in entries.iter().enumerate() {
                    let separator = if k == 0 { "" } else { ", " };
                    let _ = write!(text, "{separator}{}: {}", quoted(name), value.to_json());
                }
                text + "}"
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Node, E> {
        i64::try_from(value).map(Node::Integer).map_err(E::custom)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Node::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(settings: &[&str], image_types: &[&str], classes: &[&str]) -> Overrides {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Overrides {
            profile: None,
            settings: owned(settings),
            image_types: owned(image_types),
            classes: owned(classes),
        }
    }

    #[test]
    fn original_and_wavelet_from_the_command_line_are_the_studies_settings() {
        let resolved = resolve(None, &overrides(&[], &["Original", "Wavelet"], &[])).unwrap();
        assert_eq!(resolved, Params::original_and_wavelet());
    }

    #[test]
    fn a_setting_replaces_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("params.yaml");
        std::fs::write(
            &path,
            "setting:\n  binWidth: 10\n  label: 3\nfeatureClass:\n  glcm:\n",
        )
        .unwrap();
        let file = resolve(Some(&path), &Overrides::default()).unwrap();
        assert_eq!(file, Params::read(&path).unwrap());
        let replaced = resolve(Some(&path), &overrides(&["label: 2"], &[], &[])).unwrap();
        assert_eq!((replaced.roi.label, file.roi.label), (2, 3));
        assert_eq!(replaced.images, file.images);
    }

    #[test]
    fn settings_of_the_standard_are_in_sections() {
        let of = |settings: &[&str], classes: &[&str]| Overrides {
            profile: Some(Profile::Ibsi),
            ..overrides(settings, &[], classes)
        };
        assert_eq!(resolve(None, &of(&[], &[])).unwrap(), Params::ibsi());
        let bins = of(
            &["discretization.fixed_bin_number:8", "region.label: 2"],
            &["glcm"],
        );
        let resolved = resolve(None, &bins).unwrap();
        assert_eq!(resolved.roi.label, 2);
        assert_eq!(
            resolved.images[0].binning,
            radiomics_features::Binning::FixedBinNumber(8.try_into().unwrap())
        );
        assert_eq!(
            resolved.ibsi.families,
            [radiomics_features::ibsi::Family::Glcm]
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ibsi.yaml");
        std::fs::write(&path, "profile: ibsi\nresegmentation: {outliers: 3}\n").unwrap();
        let file = resolve(Some(&path), &of(&["resegmentation.range:[0, 9]"], &[])).unwrap();
        assert!(file.outliers.is_some() && file.resegmentation.is_some());
        // The file says it without the option as well, and not against it.
        assert_eq!(
            resolve(Some(&path), &Overrides::default()).unwrap().profile,
            Profile::Ibsi
        );
        let wrong = [
            Overrides {
                profile: Some(Profile::Pyradiomics),
                ..Overrides::default()
            },
            of(&["discretization.bins:8"], &[]),
            of(&[], &["firstorder"]),
            Overrides {
                image_types: vec!["Wavelet".to_owned()],
                ..of(&[], &[])
            },
        ];
        for overrides in wrong {
            let error = resolve(Some(&path), &overrides).unwrap_err();
            assert!(error.is::<WrongUsage>(), "{error}");
        }
    }

    #[test]
    fn unknown_names_are_wrong_usage() {
        for wrong in [
            overrides(&["binWdith:25"], &[], &[]),
            overrides(&["binWidth"], &[], &[]),
            overrides(&[], &["Wavelets"], &[]),
            overrides(&[], &[], &["glcmm"]),
        ] {
            let error = resolve(None, &wrong).unwrap_err();
            assert!(error.is::<WrongUsage>(), "{error}");
        }
    }
}

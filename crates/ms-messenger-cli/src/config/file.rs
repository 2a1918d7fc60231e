//! The configuration file.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ms_messenger::{ErrorKind, Problem, Result};

use super::{parse::parse, reference::Reference};
use crate::{
    environment::{Environment, variable},
    files::{self, unreadable, without_bom},
    state,
};

/// The variable that names the configuration file.
const NAME: &str = "MSM_CONFIG";

/// The configuration file, as it is written.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    pub(crate) profiles: BTreeMap<String, ProfileTable>,
    /// The targets of all profiles.
    pub(crate) targets: Targets,
}

/// Targets by their names.
pub(crate) type Targets = BTreeMap<String, NamedTarget>;

/// A profile.
#[derive(Debug, Default)]
pub(crate) struct ProfileTable {
    pub(crate) settings: Vec<FileSetting>,
    /// Targets that replace those of all profiles.
    pub(crate) targets: Targets,
}

/// A setting of a profile.
#[derive(Debug)]
pub(crate) struct FileSetting {
    pub(crate) variable: &'static str,
    pub(crate) line: usize,
    pub(crate) value: FileValue,
}

/// The value of a setting.
#[derive(Debug)]
pub(crate) enum FileValue {
    Text(String),
    Secret(Reference),
}

/// A target with a name.
#[derive(Clone, Debug)]
pub(crate) struct NamedTarget {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// Where the configuration file is, whether it exists or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    /// Whether an option or a variable names it, so that it must exist.
    pub(crate) is_named: bool,
}

impl Place {
    /// Returns the file that the option, `MSM_CONFIG` or the folders of the user name; `None` for a
    /// user without folders.
    pub(crate) fn find(option: Option<&Path>, env: Environment<'_>) -> Option<Self> {
        let option = option.map(Path::to_owned);
        let named = option.or_else(|| variable(env, NAME).map(PathBuf::from));
        let is_named = named.is_some();
        let path = named.or_else(|| Some(state::config_dir().ok()?.join("config.toml")))?;
        Some(Self { path, is_named })
    }
}

impl ConfigFile {
    /// Reads the configuration file; `None` when there is none.
    ///
    /// # Errors
    ///
    /// `Config` with every problem of the file and its line, or that the named file is missing.
    pub(crate) fn load(option: Option<&Path>, env: Environment<'_>) -> Result<Option<Self>> {
        let Some(place) = Place::find(option, env) else {
            return Ok(None);
        };
        let unusable = |error: &io::Error| {
            let (path, rule) = (place.path.display().to_string(), unreadable(error));
            let problem = match option {
                None if place.is_named => Problem::new(NAME, format!("{path}: {rule}")),
                _ => Problem::new(path, rule),
            };
            problem.into_error(ErrorKind::Config)
        };
        let text = match text_once(&place.path) {
            Ok(Some(text)) => text,
            Ok(None) if !place.is_named => return Ok(None),
            Ok(None) => {
                let error = files::no_input(&place.path, io::ErrorKind::NotFound.into());
                return Err(unusable(&error));
            }
            Err(error) => return Err(unusable(&error)),
        };
        parse(place.path, &without_bom(text)).map(Some)
    }

    /// Returns the file with a line of it, as an editor opens it.
    pub(crate) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }

    /// Returns a text of a profile, and its place.
    pub(crate) fn text(&self, profile: &str, variable: &str) -> Option<(&str, String)> {
        let settings = self.profiles.get(profile)?.settings.iter();
        let mut values = settings.filter(|it| it.variable == variable);
        values.find_map(|it| match &it.value {
            FileValue::Text(text) => {
                let member = variable.to_ascii_lowercase();
                let place = self.at(it.line);
                Some((
                    text.as_str(),
                    format!("{place}: profiles.{profile}.{member}"),
                ))
            }
            FileValue::Secret(_) => None,
        })
    }

    /// Returns the targets of a profile, with those of all profiles.
    pub(crate) fn targets(&self, profile: &str) -> Targets {
        let mut targets = self.targets.clone();
        if let Some(profile) = self.profiles.get(profile) {
            targets.extend(profile.targets.clone());
        }
        targets
    }
}

/// The text of each configuration file that was read; `None` for one that does not exist.
static READ: Mutex<BTreeMap<PathBuf, Option<String>>> = Mutex::new(BTreeMap::new());

/// Reads a file the first time only: all of a run comes from one version of it, and a pipe can be
/// read once.
fn text_once(path: &Path) -> io::Result<Option<String>> {
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(text) = read.get(path) {
        return Ok(text.clone());
    }
    let text = match files::text(path, files::SETTING) {
        Ok(text) => Some(text),
        Err(error) if is_absent(&error) => None,
        Err(error) => return Err(error),
    };
    read.insert(path.to_owned(), text.clone());
    Ok(text)
}

/// Whether there is no such file; a service may have a home that is no folder, e.g. `/dev/null`.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

//! The options of a platform as the variables that its builder reads.

use std::env::VarError;

use ms_messenger_core::{ErrorKind, Problem, Problems, Result};
use ms_messenger_http::Variables;
use ms_messenger_layers::{OptionSpec, Options};

/// An option, and the variable that the builder reads for it.
pub(super) type Name = (&'static str, &'static str);

/// Reads the environment of the process too, which is the default without any option.
pub(super) const ENV: OptionSpec = OptionSpec::flag("env");

/// The variables of an application of Entra ID.
pub(super) const APPLICATION: [Name; 5] = [
    ("tenant_id", "AZURE_TENANT_ID"),
    ("client_id", "AZURE_CLIENT_ID"),
    ("client_secret", "AZURE_CLIENT_SECRET"),
    ("federated_token_file", "AZURE_FEDERATED_TOKEN_FILE"),
    ("authority_host", "AZURE_AUTHORITY_HOST"),
];

/// Makes a builder of `options`, whose address stands for the option `address`.
///
/// # Errors
///
/// `Config` with every problem, by the names of options.
pub(super) fn configure<T>(
    options: &Options,
    names: &[&[Name]],
    (address, prefix): (&str, &str),
    from_variables: impl FnOnce(&mut Variables<'_>) -> Option<T>,
) -> Result<T> {
    let uses_env = options.flag(ENV.name).unwrap_or(options.is_empty());
    let given = |option: &str| {
        let of_address = || {
            let own = options.address().filter(|_| option == address)?;
            Some(format!("{prefix}{own}"))
        };
        options.get(option).map(str::to_owned).or_else(of_address)
    };
    let all = || names.iter().flat_map(|some| some.iter());
    let option_of = |variable: &str| all().find(|(_, of)| *of == variable).map(|(it, _)| *it);
    let read = |variable: &str| match option_of(variable).and_then(given) {
        Some(own) => Ok(own),
        None if uses_env => options.variable(variable),
        None => Err(VarError::NotPresent),
    };
    let mut variables = Variables::from_environment(&read);
    if options.address().is_some() && options.get(address).is_some() {
        variables.refuse(address, "is given beside an address");
    }
    check_application(options, &mut variables);
    let found = from_variables(&mut variables);
    variables.finish(found).map_err(|error| {
        let mut problems = Problems::new();
        for problem in error.problems() {
            let option = option_of(&problem.field).filter(|_| !uses_env);
            let field = option.unwrap_or(problem.field.as_str());
            problems.push(Problem::new(field, problem.rule.clone()));
        }
        problems.into_error(ErrorKind::Config).unwrap_or(error)
    })
}

/// Without the feature, the builder would not look at these.
fn check_application(options: &Options, variables: &mut Variables<'_>) {
    if cfg!(feature = "entra") {
        return;
    }
    for (option, _) in APPLICATION {
        if options.get(option).is_some() {
            variables.refuse(option, "needs the feature `entra`");
        }
    }
}

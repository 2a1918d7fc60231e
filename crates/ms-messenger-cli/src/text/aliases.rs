//! Names that other programs have for options and commands, and what they are called here.

/// Options: the first entry whose options the command has is the one that is named.
pub(crate) const OPTIONS: [(&[&str], &str); 19] = [
    (&["--body", "--content", "--message", "--msg"], "--text"),
    (&["-m", "-b"], "--text"),
    (&["-d"], "--dry-run"),
    (
        &[
            "--channel",
            "--channelId",
            "--channel-id",
            "--teamId",
            "--team-id",
        ],
        "--to channel:TEAM/CHANNEL",
    ),
    (&["--chat", "--chatId", "--chat-id"], "--to conversation:ID"),
    (&["--userEmails", "--user"], "--to user:ADDRESS"),
    (&["--target"], "--to"),
    (&["--tag", "-g"], "--to @NAME"),
    (&["--title", "-s"], "--subject"),
    (&["-t"], "--to, --text or --subject"),
    (
        &["--contentType", "--input-format", "-i"],
        "--html or --markdown",
    ),
    (&["--notification-type", "-n"], "--importance"),
    (&["--attach", "--attachment", "-a"], "--file or --picture"),
    (&["--limit", "-L"], "--last"),
    (&["-c"], "--config"),
    (&["--all"], "--paginate"),
    (&["--output", "-o"], "--json"),
    (&["--debug", "-D"], "-vv"),
    (&["--silent"], "--quiet"),
];

/// Options of `gh api`, curl and the CLI for Microsoft 365, for `msm api`.
pub(crate) const OF_API: [(&[&str], &str); 7] = [
    (
        &["-X", "--method", "--request"],
        "the method stands before the path: msm api POST PATH",
    ),
    (
        &["--jq", "--query"],
        "--filter takes a JSONPath, e.g. '$.value[*].id'",
    ),
    (
        &[
            "--body",
            "-b",
            "--data",
            "-d",
            "-f",
            "-F",
            "--field",
            "--raw-field",
        ],
        "--input takes the body as JSON, from a file or, with -, from standard input",
    ),
    (
        &["-i", "--include"],
        "-v prints the status and the ids of the request",
    ),
    (&["-u", "--url"], "the path stands alone: msm api GET PATH"),
    (
        &["--resource", "--hostname"],
        "the address is that of the service, which --platform chooses",
    ),
    (
        &["--filePath"],
        "the response is printed on standard output: msm api GET PATH > FILE",
    ),
];

/// Options for a target, where it stands alone.
pub(crate) const OF_TARGET: [&str; 11] = [
    "--to",
    "--target",
    "--channel",
    "--channelId",
    "--channel-id",
    "--teamId",
    "--team-id",
    "--chat",
    "--chatId",
    "--chat-id",
    "--user",
];

/// Options for a message, where it stands alone.
pub(crate) const OF_MESSAGE: [&str; 5] = [
    "--id",
    "--messageId",
    "--message-id",
    "--chat-message-id",
    "--reply-to",
];

pub(crate) const TARGET_ALONE: &str = "the target stands alone, e.g. channel:@Contoso/General";
pub(crate) const MESSAGE_ALONE: &str = "the id of the message stands alone, after the target";

/// Commands.
pub(crate) const COMMANDS: [(&[&str], &str); 6] = [
    (&["notify", "message", "post", "chat"], "send"),
    (&["request", "curl"], "api"),
    (&["auth", "signin"], "login"),
    (&["status", "me"], "whoami"),
    (&["exec"], "emulator exec"),
    (&["version"], "--version"),
];

/// An unknown option or command that has another name here.
pub(crate) fn named(unknown: &str, here: &str) -> String {
    format!("{unknown}: use {here}")
}

/// An unknown option, and what takes its place.
pub(crate) fn replaced(unknown: &str, how: &str) -> String {
    format!("{unknown}: {how}")
}

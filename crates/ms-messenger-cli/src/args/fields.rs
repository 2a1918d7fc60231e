//! Which option or argument gives a member of a request, for errors that people read.
//!
//! The JSON form of an error keeps the path of the member.

use super::send::SendArgs;
use crate::text;

/// What gives a member.
#[derive(Clone, Copy, Debug)]
enum Giver {
    /// An option, or an argument by its place.
    Named(&'static str),
    Target,
    Reply,
    /// The option with the content of the message.
    Content,
    /// The text beside HTML.
    Alternative,
}

use Giver::{Alternative, Content, Named, Reply, Target};

/// Members by their paths, in the neutral form without `message.` and in those of the services.
const MEMBERS: &[(&str, Giver)] = &[
    ("to", Target),
    ("to.team", Target),
    ("to.channel", Target),
    ("team", Target),
    ("channel", Target),
    ("chat", Target),
    ("thread", Target),
    ("conversation", Target),
    ("user", Target),
    ("recipient", Target),
    ("reply_to", Reply),
    ("subject", Named("--subject")),
    ("importance", Named("--importance")),
    ("idempotency", Named("--idempotency-key")),
    ("timeout_ms", Named("--timeout")),
    ("text", Content),
    ("html", Content),
    ("content", Content),
    ("body", Content),
    ("body.content", Content),
    ("body.text", Content),
    ("body.html", Content),
    ("body.html.html", Content),
    ("body.html.text", Alternative),
    ("body.native", Content),
    ("body.media", Content),
    ("body.media.url", Content),
    ("media", Content),
    ("mediaUri", Content),
    ("body.media.caption", Named("--caption")),
    ("caption", Named("--caption")),
    ("body.media.file_name", Named("--file-name")),
    ("fileName", Named("--file-name")),
];

/// Members with others below them, of which an option gives each.
const FAMILIES: &[(&str, Giver)] = &[
    ("body.template.language", Named("--language")),
    ("template.language", Named("--language")),
    ("body.template.body", Named("--value")),
    ("template.values", Named("--value")),
    ("template.bindings", Named("--value")),
    ("body.template", Named("--template")),
    ("template", Named("--template")),
    ("mentions", Named("--mention")),
    ("hostedContents", Named("--picture")),
    ("files", Named("--file")),
];

/// What gives a member to a command that is about something: a place, a message, a path.
const ARGUMENTS: &[(&str, &str)] = &[
    ("to", "TARGET"),
    ("team", "TARGET"),
    ("channel", "TARGET"),
    ("chat", "TARGET"),
    ("thread", "TARGET"),
    ("conversation", "TARGET"),
    ("user", "TARGET"),
    ("message", "MESSAGE"),
    ("messageId", "MESSAGE"),
    ("reaction", "EMOJI"),
    ("root", "--root"),
    ("query", "OF"),
    ("path", "PATH"),
    ("id", "ID"),
];

/// Returns what gives a member to a command that is about something.
pub(crate) fn argument_of(field: &str) -> Option<&'static str> {
    let (_, argument) = ARGUMENTS.iter().find(|(known, _)| *known == field)?;
    Some(argument)
}

/// Returns whether a member is the content of a message.
pub(crate) fn is_content(field: &str) -> bool {
    let mut members = MEMBERS.iter();
    members.any(|(known, giver)| *known == field && matches!(giver, Content))
}

impl SendArgs {
    /// Returns what gives a member of the request to a target, as it is typed: an option, an argument,
    /// or standard input. `None` with `--request`, and for what is no member.
    pub(crate) fn giver_of(&self, field: &str, to: Option<&str>) -> Option<String> {
        if self.request.is_some() {
            return None;
        }
        let neutral = field.strip_prefix("message.");
        let path = neutral.unwrap_or(field);
        if let Some(index) = index(path, "attachments") {
            return Some(self.attachment(index, neutral.is_some())?.to_owned());
        }
        if let Some(rest) = path.strip_prefix("card") {
            // What follows is a place in the card.
            let place = rest.trim_start_matches('.');
            let is_card = self.card.is_some() && (rest.is_empty() || rest.starts_with(['.', '[']));
            let named = if place.is_empty() {
                "--card".to_owned()
            } else {
                text::options::of("--card", place)
            };
            return is_card.then_some(named);
        }
        let giver = MEMBERS.iter().find(|(known, _)| *known == path);
        let family = || {
            let mut families = FAMILIES.iter();
            families.find(|(known, _)| is_below(path, known))
        };
        let (_, giver) = giver.or_else(family)?;
        Some(match *giver {
            Named(name) => name.to_owned(),
            Target => self.target(to).to_owned(),
            Reply => self.reply().to_owned(),
            Alternative if self.html.is_some() => "--text-alternative".to_owned(),
            Content | Alternative => self.content().to_owned(),
        })
    }

    fn target(&self, to: Option<&str>) -> &'static str {
        let is_fallback = to.is_some_and(|to| {
            let mut targets = self.to.iter();
            !targets.any(|known| known.target.to_string() == to)
        });
        match (self.is_reply, is_fallback) {
            (true, _) => "TARGET",
            (false, true) => "--fallback",
            (false, false) => "--to",
        }
    }

    /// A link to a message as the target names what is replied to.
    fn reply(&self) -> &'static str {
        match (self.is_reply, self.reply_to.is_some()) {
            (true, true) => "MESSAGE",
            (true, false) => "TARGET",
            (false, true) => "--reply-to",
            (false, false) => "--to",
        }
    }

    fn content(&self) -> &'static str {
        let given = [
            ("--html", self.html.is_some()),
            ("--template", self.template.is_some()),
            ("--image", self.image.is_some()),
            ("--document", self.document.is_some()),
            ("--video", self.video.is_some()),
            ("--audio", self.audio.is_some()),
            (text::files::STANDARD_INPUT, self.stdin.is_some()),
        ];
        let mut given = given.iter().filter(|(_, is_given)| *is_given);
        given.next().map_or("--text", |(name, _)| name)
    }

    /// Returns the option of an attachment: of the message, or of those that a service calls so.
    fn attachment(&self, index: usize, is_of_message: bool) -> Option<&'static str> {
        let pictures = if is_of_message { self.picture.len() } else { 0 };
        let card = usize::from(self.card.is_some());
        match index {
            index if index < card => Some("--card"),
            index if index < card + pictures => Some("--picture"),
            index if index < card + pictures + self.file.len() => Some("--file"),
            _ => None,
        }
    }
}

/// Returns whether a path is another one, or below it.
fn is_below(path: &str, above: &str) -> bool {
    let rest = path.strip_prefix(above);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Returns the index of an item of a list at the begin of a path.
fn index(path: &str, list: &str) -> Option<usize> {
    let rest = path.strip_prefix(list)?.strip_prefix('[')?;
    rest.split_once(']')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command, complete_command};

    fn send(line: &str) -> SendArgs {
        let words = ["msm", "send"].into_iter().chain(line.split(' '));
        match Cli::try_parse_from(words).unwrap().command {
            Command::Send(args) => *args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_member_is_named_by_the_option_that_gives_it() {
        let to = "--to user:a";
        for (line, field, option) in [
            (
                format!("{to} --text x"),
                "message.body.text",
                Some("--text"),
            ),
            (
                format!("{to} -"),
                "message.body.text",
                Some("standard input"),
            ),
            (format!("{to} --text x"), "body.content", Some("--text")),
            (format!("{to} --html x"), "content", Some("--html")),
            (
                format!("{to} --html x"),
                "message.body.html.text",
                Some("--text-alternative"),
            ),
            (
                format!("{to} --text x --markdown"),
                "message.body.html.text",
                Some("--text"),
            ),
            (
                format!("{to} --text x"),
                "message.subject",
                Some("--subject"),
            ),
            (
                format!("{to} --text x"),
                "idempotency",
                Some("--idempotency-key"),
            ),
            (
                format!("{to} --text x --reply-to 1"),
                "reply_to",
                Some("--reply-to"),
            ),
            (format!("{to} --text x"), "reply_to", Some("--to")),
            (format!("{to} --text x"), "to.team", Some("--to")),
            (
                format!("{to} --template t"),
                "template.language",
                Some("--language"),
            ),
            (
                format!("{to} --template t"),
                "message.body.template.body[1]",
                Some("--value"),
            ),
            (
                format!("{to} --template t"),
                "template.name",
                Some("--template"),
            ),
            (
                format!("{to} --image https://a.b/c"),
                "mediaUri",
                Some("--image"),
            ),
            (
                format!("{to} --text x"),
                "mentions[0].id",
                Some("--mention"),
            ),
            (format!("{to} --text x"), "MSGRAPH_TOKEN", None),
            (format!("{to} --text x"), "card.body", None),
            ("--request r.json".to_owned(), "message.body.text", None),
        ] {
            let named = send(&line).giver_of(field, Some("user:a"));
            assert_eq!(named.as_deref(), option, "{line} {field}");
        }
        let args = send("--to user:a --fallback user:b --text x");
        assert_eq!(args.giver_of("to", Some("user:b")).unwrap(), "--fallback");
    }

    #[test]
    fn an_attachment_is_named_by_its_option() {
        let args = send("--to user:a --file f --card c --picture p --picture q --file g");
        let options: Vec<_> = (0..6)
            .map(|index| args.giver_of(&format!("message.attachments[{index}].upload"), None))
            .collect();
        let options: Vec<_> = options
            .iter()
            .map(|it| it.as_deref().unwrap_or(""))
            .collect();
        let expected = ["--card", "--picture", "--picture", "--file", "--file", ""];
        assert_eq!(options, expected);
        // Pictures are not among the attachments of the service.
        assert_eq!(args.giver_of("attachments[1].id", None).unwrap(), "--file");
        assert_eq!(
            args.giver_of("card.body[0]", None).unwrap(),
            "--card: body[0]"
        );
    }

    #[test]
    fn every_name_of_the_tables_is_one_of_the_command() {
        let command = complete_command();
        let send = command.find_subcommand("send").unwrap();
        let all = MEMBERS.iter().chain(FAMILIES);
        let named = all.filter_map(|(_, giver)| match giver {
            Named(name) => Some(*name),
            _ => None,
        });
        for name in named {
            let long = name.strip_prefix("--").unwrap();
            let mut options = send.get_arguments();
            assert!(options.any(|it| it.get_long() == Some(long)), "{name}");
        }
    }
}

//! What the help of commands has below the options, where more than one place shows it.

/// On secrets and on precedence.
pub(crate) const ENVIRONMENT: &str = "\
Give secrets by environment or file: other users of the machine can read a command line.
An option takes precedence over its environment variable; an empty variable counts as missing.";

/// Where the commands for a running emulator look for it.
pub(crate) const EMULATOR_ADDRESS: &str =
    "By default the address in MSM_EMULATOR, else http://127.0.0.1:8410.";

pub(crate) const BATCH: &str = "\
Examples:
  msm batch messages.jsonl > outcomes.jsonl
  msm batch people.csv --csv template.json --rate 10/s

A line of the input is a request as of `msm send --request`, optionally with id, not_before,
expires_at, order_key and platform beside it:
  {\"to\":\"tel:+14255550123\",\"message\":{\"body\":{\"text\":\"hi\"}},\"id\":\"order-4711\"}

A template for CSV is one such line whose strings name columns of the header:
  {\"to\":\"tel:{phone}\",\"message\":{\"body\":{\"text\":\"Hi {name}\"}}}

All lines are checked before the first is sent. They go through the outbox FILE.outbox; after
Ctrl-C, a kill or a reboot, the same command goes on and sends nothing twice. A line without id gets
one from its number and its text, so lines can be added at the end, but not changed.
Each outcome is one JSON line on standard output, in the order in which the messages end.
Exit code: 8 if it is unknown whether a message was sent, else 4 if one was refused, else 7 if
one expired, was cancelled or waits, else 0.";

pub(crate) const CONFIG: &str = "\
Examples:
  msm config check
  msm config show --profile work

The file is TOML. Each profile has settings by the names of their variables, in lower case, and a
sign-in of its name (msm login --profile NAME). A secret is a reference and never in the file:

  [targets]
  ops = \"channel:TEAM/CHANNEL\"            # msm send --to @ops

  [profiles.work]
  acs_endpoint = \"https://contoso.communication.azure.com\"
  acs_access_key = \"file:~/.config/msm/acs.key\"
  acs_chat_token = \"env:CHAT_TOKEN\"       # or keyring:NAME";

pub(crate) const CONFIG_CHECK: &str = "\
Examples:
  msm config check
  msm config check --config ./msm.toml --json

It checks every profile: names, values, and that each secret can be read by its reference. Nothing
is sent. Exit code: 3 if there is a problem, else 0.";

pub(crate) const REPORT: &str = "\
Examples:
  msm report --output report.txt
  msm report --offline

It has version, features and system, the settings without their values, what msm doctor finds, and
the last failures. Accounts and secrets are removed; read it before you publish it.";

pub(crate) const LISTEN: &str = "Examples:\n  \
    MSM_LISTEN_KEY=secret msm listen --address 127.0.0.1:8080 --keep events.jsonl\n  \
    MSM_LISTEN_KEY=secret msm listen --keep events.jsonl --store sqlite:out.db --once --for 5m\n\n\
    Event Grid calls /events?key=SECRET, Graph calls /notifications. The first line on standard\n\
    output is {\"event\":\"ready\",…} with both addresses; each event follows as one JSON line.\n\
    It speaks HTTP: a proxy or tunnel in front of it adds TLS, which both services demand.";

pub(crate) const OUTBOX: &str = "\
Examples:
  msm outbox add --store sqlite:out.db < messages.jsonl
  msm outbox run --store sqlite:out.db --until-empty
  msm outbox status --store sqlite:out.db

The messages are stored in a file that several processes can share. MSM_OUTBOX can name it.";

pub(crate) const OUTBOX_ADD: &str = "\
Examples:
  msm outbox add --store sqlite:out.db < messages.jsonl
  tail -n 1 messages.jsonl | msm outbox add --store sqlite:out.db

A line of the input:
  {\"id\":\"order-4711\",\"to\":\"tel:+14255550123\",\"message\":{\"body\":{\"text\":\"hi\"}}}

All messages are stored or none, with the contents of their local files (16 MiB for a message).
The same id with the same message is one message.
The platform is chosen now: that of the line, of --platform, or the only configured one.";

pub(crate) const OUTBOX_RUN: &str = "Examples:\n  msm outbox run --store sqlite:out.db\n  \
        msm outbox run --store sqlite:out.db --until-empty --metrics 127.0.0.1:9464\n\n\
        Each outcome is one JSON line on standard output. Any number of these can run at a time.\n\
        At SIGTERM or Ctrl-C the running sends end first; a second signal ends them at once.\n\
        It sends over the platforms that are configured; messages of others wait.";

pub(crate) const OUTBOX_SETTLE: &str = "Examples:\n  msm outbox settle order-4711 --store sqlite:out.db\n  \
        msm outbox settle --all --store sqlite:out.db\n\n\
        A message that is found is sent; one that is proven absent is queued again. It sends nothing.\n\
        It ends with 0 when there is a verdict on every message, else with 8.";

pub(crate) const READ: &str = "Examples:\n  msm read channel:@Contoso/General --last 5\n  \
    msm read user:lene@contoso.com --since 1h --follow\n\n\
    The oldest message comes first. A Teams link to a message of a channel reads its replies.";

pub(crate) const LIST: &str = "Examples:\n  msm list teams\n  msm list channels Contoso\n  \
    msm list members channel:@Contoso/General\n\n\
    teams, channels TEAM, chats: msgraph-chat. threads: acs-chat. conversations, templates:\n\
    acs-messages. contacts NAME: ucwa. members TARGET: all of them but ucwa.";

pub(crate) const API: &str = "Examples:\n  msm api /me/joinedTeams --paginate --filter '$[*].displayName'\n  \
    msm api POST /chats/ID/messages --input message.json\n\n\
    Without a METHOD, the request is a GET.\n\
    The path lies below the address of the service, with its ids percent-encoded. A GET is retried;\n\
    any other request is sent once.";

/// The forms of a target.
pub(crate) const TARGETS: &str = "\
Targets:
  conversation:ID       a conversation, chat thread or Teams chat
  channel:TEAM/CHANNEL  a channel of a Teams team, by ids
  channel:@TEAM/CHANNEL the same by the names shown, or by one name and one id,
                        e.g. channel:@Contoso/General
  tel:+14255550123      a telephone number (WhatsApp, through acs-messages)
  whatsapp:US.1349…     a WhatsApp user, by business-scoped id
  user:ID-OR-ADDRESS    a Teams user, in a one-on-one chat, e.g. user:lene@contoso.com
  sip:user@host         a user of Skype for Business
  https://teams.microsoft.com/l/…   a Teams link to a channel or chat, or to the message
                        to reply to";

pub(crate) const SEND: &str = "\
Examples:
  msm send --to channel:TEAM/CHANNEL --text 'The build is red'
  make 2>&1 | tail -n 20 | msm send --to conversation:ID --strip-ansi -
  msm send --to tel:+14255550123 --template reminder --language en_US --value Lene
  msm send --to channel:@Contoso/General --text '@{lene@contoso.com} please look' --file log.txt
  msm send --to user:lene@contoso.com --text down --settle --fallback tel:+14255550123";

pub(crate) const SETTLE: &str = "\
Examples:
  msm settle --evidence line.json --wait 2m
  msm settle --request request.json --evidence evidence.json

line.json is what msm send --json printed. It sends nothing. Use the same options and variables as for the send.
It ends with 0 when the message was sent, with 10 when it was not and never will be, else with 8.";

pub(crate) const LOGIN: &str = "\
Examples:
  msm login --client-id 11111111-2222-3333-4444-555555555555
  msm login --emulator --profile test
";

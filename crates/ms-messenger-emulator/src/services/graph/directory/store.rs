//! Chats, teams and channels with their members.

use std::collections::HashMap;

use crate::{
    seed::{Seed, derive::EPOCH_SECONDS},
    services::graph::{
        caller::Caller,
        directory::{
            chat::Chat,
            member::{Member, Members},
            team::Team,
        },
        error::GraphError,
        place::Place,
    },
    wire::clock::Clock,
};

/// All chats and teams with their members.
#[derive(Debug, Default)]
pub(crate) struct Store {
    chats: HashMap<String, Chat>,
    /// By id, in its one spelling.
    teams: HashMap<String, Team>,
    clock: Clock,
    /// Whether unknown places and strangers are refused.
    is_strict: bool,
}

impl Store {
    /// The seeded team with its channel, and the seeded group chat, with all seeded users.
    pub(crate) fn new(seed: &Seed, clock: &Clock, is_strict: bool) -> Self {
        let graph = &seed.graph;
        let everybody = |role: fn(usize) -> Option<&'static str>| {
            let users = graph.users.iter().enumerate();
            Members::of(users.map(|(n, user)| {
                let member = Member {
                    role: role(n),
                    history_from: 0,
                };
                (user.id.clone(), member)
            }))
        };
        let now = EPOCH_SECONDS * 1000;
        let mut chat = Chat::new(&graph.chat_id, now);
        chat.topic = Some("Everybody".to_owned());
        chat.members = everybody(|_| Some("owner"));
        let mut team = Team::new(&graph.team_id, "Contoso".to_owned(), now, &graph.channel_id);
        team.members = everybody(|n| (n == 0).then_some("owner"));
        Self {
            chats: HashMap::from([(graph.chat_id.clone(), chat)]),
            teams: HashMap::from([(graph.team_id.clone(), team)]),
            clock: clock.clone(),
            is_strict,
        }
    }

    /// Refuses a user that was removed or never added; in strict mode also an unknown place and a
    /// user that is not a member.
    pub(crate) fn admit(&self, place: &Place, caller: &Caller) -> Result<(), GraphError> {
        let is_strict = self.is_strict;
        let members = match place {
            Place::Chat { chat } => self.chats.get(chat).map(|chat| &chat.members),
            Place::Channel { team, channel } => match self.teams.get(team) {
                Some(team) if team.was_deleted(channel) => return Err(no_place()),
                Some(team) => match team.channel(channel) {
                    Some(channel) => Some(team.members_of(channel)),
                    None => Some(&team.members).filter(|_| !is_strict),
                },
                None => None,
            },
        };
        admitted(members, is_strict, caller)
    }

    /// The same for a team.
    pub(crate) fn admit_to_team(&self, team: &str, caller: &Caller) -> Result<(), GraphError> {
        let members = self.teams.get(team).map(|team| &team.members);
        admitted(members, self.is_strict, caller)
    }

    /// Whether that user takes part in the place.
    pub(crate) fn is_member(&self, place: &Place, user: &str) -> bool {
        let members = self.members_of(place);
        members.is_some_and(|members| members.has(user))
    }

    /// The object ids of the users that take part in the place.
    pub(crate) fn members(&self, place: &Place) -> Vec<String> {
        let members = self.members_of(place).into_iter();
        let ids = members.flat_map(|members| members.iter().map(|(id, _)| id.to_owned()));
        ids.collect()
    }

    fn members_of(&self, place: &Place) -> Option<&Members> {
        match place {
            Place::Chat { chat } => self.chats.get(chat).map(|chat| &chat.members),
            Place::Channel { team, channel } => {
                let team = self.teams.get(team)?;
                Some(team.members_of(team.channel(channel)?))
            }
        }
    }

    /// Makes sure that the place is there and that `user` is in it.
    pub(crate) fn join(&mut self, place: &Place, user: &str) {
        match place {
            // Most chats are known, and their ids need no copy then.
            Place::Chat { chat } => match self.chats.get_mut(chat) {
                Some(chat) => chat.members.join(user),
                None => self.chat_on_first_use(chat).members.join(user),
            },
            Place::Channel { team, channel } => {
                let now = self.clock.now_ms();
                let team = self.team_on_first_use(team, channel);
                team.on_first_use(channel, now);
                team.members.join(user);
                // A channel of its own members has no roll of the team's.
                let own = team.channel_mut(channel).and_then(|c| c.members.as_mut());
                if let Some(members) = own {
                    members.join(user);
                }
            }
        }
    }

    /// Lets a caller into a place: refused, or in it from now on.
    pub(crate) fn enter(&mut self, place: &Place, caller: &Caller) -> Result<(), GraphError> {
        self.admit(place, caller)?;
        if caller.is_user {
            self.join(place, &caller.id);
        } else {
            self.join_none(place);
        }
        Ok(())
    }

    /// The same for a team; one that is made on first use gets a primary channel.
    pub(crate) fn enter_team(
        &mut self,
        id: &str,
        caller: &Caller,
    ) -> Result<&mut Team, GraphError> {
        self.admit_to_team(id, caller)?;
        let primary = format!("19:{}@thread.tacv2", id.replace('-', ""));
        let team = self.team_on_first_use(id, &primary);
        if caller.is_user {
            team.members.join(&caller.id);
        }
        Ok(team)
    }

    fn join_none(&mut self, place: &Place) {
        match place {
            Place::Chat { chat } => {
                self.chat_on_first_use(chat);
            }
            Place::Channel { team, channel } => {
                let now = self.clock.now_ms();
                self.team_on_first_use(team, channel)
                    .on_first_use(channel, now);
            }
        }
    }

    fn chat_on_first_use(&mut self, id: &str) -> &mut Chat {
        let now = self.clock.now_ms();
        self.chats
            .entry(id.to_owned())
            .or_insert_with(|| Chat::on_first_use(id, now))
    }

    fn team_on_first_use(&mut self, id: &str, primary: &str) -> &mut Team {
        let now = self.clock.now_ms();
        self.teams.entry(id.to_owned()).or_insert_with(|| {
            let name = format!("Team {}", id.get(..8).unwrap_or(id));
            Team::new(id, name, now, primary)
        })
    }

    pub(crate) fn chats(&self) -> impl Iterator<Item = &Chat> {
        self.chats.values()
    }

    pub(crate) fn chat(&self, id: &str) -> Option<&Chat> {
        self.chats.get(id)
    }

    pub(crate) fn chat_mut(&mut self, id: &str) -> Option<&mut Chat> {
        self.chats.get_mut(id)
    }

    /// Notes that the migration of a place was started or completed.
    pub(crate) fn migrate(&mut self, place: &Place, mode: &'static str, since: Option<u64>) {
        match place {
            Place::Chat { chat } => {
                if let Some(chat) = self.chats.get_mut(chat) {
                    chat.migrated.change(mode, &mut chat.created, since);
                }
            }
            Place::Channel { team, channel } => {
                let team = self.teams.get_mut(team);
                if let Some(channel) = team.and_then(|team| team.channel_mut(channel)) {
                    channel.migrated.change(mode, &mut channel.created, since);
                }
            }
        }
    }

    pub(crate) fn add_chat(&mut self, chat: Chat) {
        self.chats.insert(chat.id.clone(), chat);
    }

    pub(crate) fn teams(&self) -> impl Iterator<Item = &Team> {
        self.teams.values()
    }

    pub(crate) fn team(&self, id: &str) -> Option<&Team> {
        self.teams.get(id)
    }

    pub(crate) fn team_mut(&mut self, id: &str) -> Option<&mut Team> {
        self.teams.get_mut(id)
    }

    /// The place that an injected message goes to: a known channel of any team, or a chat.
    pub(crate) fn place_of(&self, seed: &Seed, conversation: &str) -> Place {
        let has_it = |team: &&Team| team.channel(conversation).is_some();
        let team = self.teams.values().find(has_it).map(|team| &team.id);
        let is_channel =
            conversation.ends_with("@thread.tacv2") || conversation.ends_with("@thread.skype");
        match team {
            None if !is_channel => Place::Chat {
                chat: conversation.to_owned(),
            },
            team => Place::Channel {
                team: team.unwrap_or(&seed.graph.team_id).clone(),
                channel: conversation.to_owned(),
            },
        }
    }
}

fn no_place() -> GraphError {
    GraphError::not_found("NotFound")
}

fn admitted(members: Option<&Members>, is_strict: bool, caller: &Caller) -> Result<(), GraphError> {
    let Some(members) = members else {
        return if is_strict { Err(no_place()) } else { Ok(()) };
    };
    let is_in = if is_strict {
        members.has(&caller.id)
    } else {
        members.admits(&caller.id)
    };
    if caller.is_user && !is_in {
        let message = "User is not a member of the team, channel or chat.";
        return Err(GraphError::forbidden(message));
    }
    Ok(())
}

//! Teams and channels by name.

use ms_messenger_core::{ChannelId, Deadline, Result, TeamId};

use super::{
    cache::Found,
    pick::{Candidate, Wanted, pick},
    users::{not_empty, within},
};
use crate::{channel::Channel, client::GraphChatClient, teams::Team};

impl GraphChatClient {
    /// Finds the team with the name `name` among those of the signed-in user. A name that differs in
    /// case alone counts if no team has exactly this one, and an id of one of them if no team has
    /// such a name.
    ///
    /// # Errors
    ///
    /// `NotFound` for a name of no team; `InvalidRequest`, with their ids, for one of several; else
    /// the error of the service.
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::GraphChatClient;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let team = client.find_team("Contoso").await?;
    /// assert_eq!(*team.id(), graph.team_id.as_str());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_team(&self, name: &str) -> Result<Team> {
        not_empty("team", name)?;
        if let Some(Found::Id(id)) = self.names().get("team", name) {
            return Ok(self.team(id));
        }
        let mut teams = Vec::new();
        let mut pages = self.joined_teams();
        while let Some(page) = pages.next_page().await? {
            teams.extend(page.into_iter().map(|team| Candidate {
                name: team.display_name.unwrap_or_default(),
                id: team.id.as_str().to_owned(),
                item: team.id,
            }));
        }
        let wanted = Wanted {
            field: "team",
            one: "team",
            all: "teams",
            name,
        };
        let id = pick(wanted, teams)?;
        let found = Found::Id(id.as_str().to_owned());
        self.names().keep("team", name, found);
        Ok(self.team(id))
    }

    /// Finds the channel with the name `channel` in the team with the name `team`, as
    /// [`find_team`](Self::find_team).
    ///
    /// # Errors
    ///
    /// As [`find_team`](Self::find_team).
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::GraphChatClient;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let general = client.find_channel("Contoso", "General").await?;
    /// general.send("The build is green").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_channel(&self, team: &str, channel: &str) -> Result<Channel> {
        self.find_team(team).await?.find_channel(channel).await
    }

    /// The ids of a channel by its names, before the deadline of a send.
    pub(crate) async fn named_channel(
        &self,
        team: &str,
        channel: &str,
        deadline: &Deadline,
    ) -> Result<(TeamId, ChannelId)> {
        let found = within(deadline, Box::pin(self.find_channel(team, channel))).await?;
        Ok((found.team().clone(), found.id().clone()))
    }
}

impl Team {
    /// Finds the channel with the name `name`, among those that the caller may see. A name that
    /// differs in case alone counts if no channel has exactly this one, and an id of one of them if
    /// no channel has such a name.
    ///
    /// # Errors
    ///
    /// As [`GraphChatClient::find_team`].
    pub async fn find_channel(&self, name: &str) -> Result<Channel> {
        not_empty("channel", name)?;
        let kind = format!("channel of {}", self.id());
        let names = self.client.names();
        let channel = |id: ChannelId| self.client.channel(self.id().clone(), id);
        if let Some(Found::Id(id)) = names.get(&kind, name) {
            return Ok(channel(id.into()));
        }
        let mut channels = Vec::new();
        let mut pages = self.channels();
        while let Some(page) = pages.next_page().await? {
            channels.extend(page.into_iter().map(|channel| Candidate {
                name: channel.display_name.unwrap_or_default(),
                id: channel.id.as_str().to_owned(),
                item: channel.id,
            }));
        }
        let wanted = Wanted {
            field: "channel",
            one: "channel",
            all: "channels",
            name,
        };
        let id = pick(wanted, channels)?;
        names.keep(&kind, name, Found::Id(id.as_str().to_owned()));
        Ok(channel(id))
    }
}

//! The templates of a channel.

use ms_messenger_core::{ErrorKind, Problems, Result};
use ms_messenger_http::{Call, Pages};
use uuid::Uuid;

use crate::{
    AcsMessagesClient, MessageTemplate, MessageTemplateItem, error::PLATFORM,
    operations::TEMPLATE_LIST,
};

/// The most languages that an error names.
const SHOWN: usize = 8;

impl AcsMessagesClient {
    /// Lists the templates of a channel, one item per name and language:
    /// `GET /messages/channels/{id}/templates`. Source: "Template Operations - List Templates",
    /// 2024-08-30.
    ///
    /// ```
    /// use acs_messages::{AcsMessagesBuilder, TemplateStatus};
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let client = AcsMessagesBuilder::from_connection_string(&acs.connection_string)?.build()?;
    ///
    /// let mut pages = client.templates(acs.channel_registration_id.parse()?);
    /// while let Some(page) = pages.next_page().await? {
    ///     for template in page.iter().filter(|it| it.status == TemplateStatus::Approved) {
    ///         println!("{} ({}): {:?}", template.name, template.language, template.needs());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn templates(&self, channel: Uuid) -> Pages<MessageTemplateItem> {
        let version = self.inner().version_of_notifications();
        let path = format!("/messages/channels/{channel}/templates?api-version={version}");
        Pages::new(self.pipeline(), Ok(Call::of(&TEMPLATE_LIST, path)))
    }

    /// Checks a filled template against the list of a channel, before it is sent: there is such a
    /// template, it is approved, and every value that it asks for is there and suits its place.
    /// This reads the [list](Self::templates); to check many templates, read it once and call
    /// [`MessageTemplateItem::check`].
    ///
    /// ```
    /// use acs_messages::{AcsMessagesBuilder, MessageTemplate, TemplateValueKind};
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let client = AcsMessagesBuilder::from_connection_string(&acs.connection_string)?.build()?;
    /// let channel = acs.channel_registration_id.parse()?;
    ///
    /// let template = MessageTemplate::new("appointment_reminder", "en_US")
    ///     .bind_body(TemplateValueKind::text("Tuesday"));
    /// let error = client.check_template(channel, &template).await.unwrap_err();
    /// assert_eq!(error.problems()[0].field, "template.bindings.body[1]");
    /// let template = template.bind_body(TemplateValueKind::text("9:30"));
    /// client.check_template(channel, &template).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` with every problem, also for a template that the channel does not have; then
    /// the errors of the service.
    pub async fn check_template(&self, channel: Uuid, template: &MessageTemplate) -> Result<()> {
        let mut languages = Vec::new();
        let mut pages = self.templates(channel);
        while let Some(page) = pages.next_page().await? {
            for item in page.into_iter().filter(|it| it.name == template.name) {
                if item.language == template.language {
                    return item.check(template);
                }
                languages.push(item.language);
            }
        }
        let mut problems = Problems::for_platform(PLATFORM);
        template.find_problems("template", &mut problems);
        if languages.is_empty() {
            problems.add("template.name", "the channel has no template of this name");
        } else {
            let rest = if languages.len() > SHOWN { ", …" } else { "" };
            languages.truncate(SHOWN);
            let languages: Vec<String> = languages.iter().map(|it| shown(it)).collect();
            let languages = languages.join(", ");
            let rule = format!("the template exists in {languages}{rest} only");
            problems.add("template.language", rule);
        }
        problems.into_result(ErrorKind::InvalidRequest)
    }
}

/// A language of the service, bounded.
fn shown(language: &str) -> String {
    let letters = language
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_');
    letters.take(16).collect()
}

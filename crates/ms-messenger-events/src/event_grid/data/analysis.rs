//! The analysis of a message, a preview of the service.

use serde::{Deserialize, Serialize};

use super::advanced_message::AdvancedMessageChannel;
use crate::{text::Text, timestamp::Timestamp};

/// `Microsoft.Communication.AdvancedMessageAnalysisCompleted`: the service analysed a message. A
/// preview, of which only these members are documented.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct AdvancedMessageAnalysisCompleted {
    /// The channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<AdvancedMessageChannel>,
    /// The sender of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The recipient of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// When the service received the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_timestamp: Option<Timestamp>,
    /// The message as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_message: Option<Text>,
    /// Its language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_detection: Option<LanguageDetection>,
    /// What its sender wants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent_analysis: Option<Text>,
    /// Its key phrases.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extracted_key_phrases: Vec<Text>,
}

/// The language of a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct LanguageDetection {
    /// The language, e.g. `da`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// How certain that is, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence_score: Option<f64>,
    /// The message in another language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translation: Option<Text>,
}

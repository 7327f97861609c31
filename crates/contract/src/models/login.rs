//! Logging in.

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::validation::email_address;

/// What a client user or an interpreter logs in with.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "PascalCase", default)]
pub struct ParaLoginInfo {
    /// The address the account is known by.
    #[validate(
        required(message = "An e-mail address is required."),
        custom(function = email_address),
        length(max = 254, message = "At most 254 characters are allowed.")
    )]
    pub email: Option<String>,
    /// The password in plain text; the connection keeps it secret.
    #[validate(
        required(message = "A password is required."),
        length(min = 1, max = 256, message = "1 to 256 characters are allowed.")
    )]
    pub password: Option<String>,
    /// Whether the client can follow a move to another address.
    pub support_new_url: bool,
}

/// The answer to a login: the token for all further calls, and where to make them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ParaSecurityToken {
    /// Number of the server the account lives on.
    pub global_server_id: Option<i32>,
    /// Number of the user.
    pub id: Option<i32>,
    /// The secret to send in the header `WEYIToken`.
    pub token: Option<String>,
    /// Address to go on with, if another.
    #[serde(rename = "NewURL")]
    pub new_url: Option<String>,
    /// Host of the notification server.
    #[serde(rename = "NotificationServerIP")]
    pub notification_server_ip: Option<String>,
    /// How to open the web page as this user.
    pub web_page_login_info: Option<WebPageLoginInfo>,
    /// Where the terms of use are.
    pub agreement_url: Option<String>,
    /// Port of the notification server.
    pub notification_server_port: Option<String>,
    /// Whether tasks can be scheduled.
    pub support_schedule_task: Option<bool>,
    /// Whether the client may choose an interpreter when scheduling.
    pub support_client_preselection_schedule: Option<bool>,
    /// Number of the user's company.
    pub company_id: Option<i32>,
    /// Short name of the user's company.
    pub company_code: Option<String>,
}

/// How to open the web page as a user.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct WebPageLoginInfo {
    /// Address of the page.
    #[serde(rename = "URL")]
    pub url: Option<String>,
    /// Secret that opens it.
    pub web_key: Option<String>,
}

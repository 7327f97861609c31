//! Demo users, and a walk through a whole call.

use serde_json::json;
use trialogue_app::{NewAccount, UserChange, Users};
use trialogue_person::{EmailAddress, PersonName};
use trialogue_storage::UserRole;

use crate::config::Settings;
use crate::entropy::SystemEntropy;

/// The walk, kept as a script that a test runs.
const WALK: &str = include_str!("../../../scripts/walkthrough.sh");

struct DemoUser {
    role: UserRole,
    email: &'static str,
    name: &'static str,
    languages: &'static [i32],
}

const USERS: [DemoUser; 4] = [
    DemoUser { role: UserRole::Client, email: "nurse@demo.example", name: "Nora Nurse", languages: &[] },
    DemoUser {
        role: UserRole::Provider,
        email: "spanish@demo.example",
        name: "Sofia Spanish",
        languages: &[44, 1],
    },
    DemoUser {
        role: UserRole::Provider,
        email: "french@demo.example",
        name: "Felix French",
        languages: &[10, 1],
    },
    DemoUser {
        role: UserRole::Provider,
        email: "vietnamese@demo.example",
        name: "Vy Vietnamese",
        languages: &[43, 1],
    },
];

/// The interpreters, as an operator imports them. By the built-in plan, staff is rung before freelancers.
const INTERPRETERS: &str = "email,name,employment,modalities,native,languages
spanish@demo.example,Sofia Spanish,staff,call;video,es,en
french@demo.example,Felix French,freelance,call;video,fr,en
vietnamese@demo.example,Vy Vietnamese,freelance,call;video,vi,en
";

/// The demo users, with their new passwords.
pub(crate) struct Demo(Vec<(&'static DemoUser, String)>);

/// Makes the demo users, or gives them new passwords if they are there.
pub(crate) async fn prepare(users: &Users) -> anyhow::Result<Demo> {
    users.import_interpreters(INTERPRETERS.as_bytes(), |_| ()).await?;
    let mut made = Vec::new();
    for user in &USERS {
        let (password, email) = (SystemEntropy.password(), EmailAddress::parse(user.email)?);
        let change = UserChange::Password(password.clone());
        if !users.change(user.role, &email, change).await? {
            let (name, password) = (PersonName::parse(user.name)?, password.clone());
            let new = NewAccount { role: user.role, email, name, password, company: None, languages: vec![] };
            users.add(new).await?;
        }
        made.push((user, password));
    }
    Ok(Demo(made))
}

impl Demo {
    /// For scripts.
    pub(crate) fn json(&self, settings: &Settings) -> String {
        let user = |(user, password): &(&DemoUser, String)| {
            json!({
                "email": user.email,
                "password": password,
                "name": user.name,
                "languageIds": user.languages,
                "login": format!("{}{}/{}/Login/1", settings.app.public_url, settings.http.base_path, side(user)),
            })
        };
        let of = |role| self.0.iter().filter(move |(u, _)| u.role == role).map(user).collect::<Vec<_>>();
        let value = json!({
            "baseUrl": format!("{}{}", settings.app.public_url, settings.http.base_path),
            "client": of(UserRole::Client).first(),
            "providers": of(UserRole::Provider),
        });
        format!("{value:#}")
    }

    /// For people.
    pub(crate) fn text(&self, settings: &Settings) -> String {
        let user = |(user, password): &(&DemoUser, String)| {
            format!("  {:<9} {:<24} {password}\n", side(user), user.email)
        };
        let users = self.0.iter().map(user).collect::<Vec<_>>().concat();
        let password = |email| self.0.iter().find(|(u, _)| u.email == email).map_or("", |(_, p)| p);
        let walk = WALK.split_once("# --- the walk ---\n").map_or(WALK, |(_, walk)| walk);
        format!(
            "Demo users (passwords are new each time):\n{users}\n\
             A whole call with curl, to copy and paste into another terminal:\n\n\
             BASE={}{}\nCLIENT_PASSWORD={}\nSPANISH_PASSWORD={}\nFRENCH_PASSWORD={}\n{walk}\n\
             # Or with pictures, in two browser windows: log in as client and as interpreter at\n\
             # {}/",
            settings.app.public_url,
            settings.http.base_path,
            password("nurse@demo.example"),
            password("spanish@demo.example"),
            password("french@demo.example"),
            settings.app.public_url,
        )
    }
}

fn side(user: &DemoUser) -> &'static str {
    match user.role {
        UserRole::Client => "Client",
        UserRole::Provider => "Provider",
    }
}

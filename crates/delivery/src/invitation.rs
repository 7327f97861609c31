//! What an invited person is told, in each language.

use trialogue_domain::ParticipantId;

/// An invitation to be delivered. It has no `Debug`: the link is a secret, and the inviter a person.
pub struct Invitation {
    /// Who is invited.
    pub participant: ParticipantId,
    /// The name of whoever invites.
    pub inviter: String,
    /// The link that opens the invitation.
    pub link: String,
    /// How many minutes it is open; at least 1.
    pub minutes: u64,
}

/// The language of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `en`.
    English,
    /// `es`.
    Spanish,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// Its ISO 639-1 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }
}

/// The parts of the texts, in one language.
struct Words {
    subject: &'static str,
    invites: String,
    join: &'static str,
    answer: String,
    alone: &'static str,
}

impl Words {
    fn of(invitation: &Invitation, language: Language) -> Self {
        let (inviter, minutes) = (isolated(&one_line(&invitation.inviter)), invitation.minutes.max(1));
        let several = if minutes == 1 { "" } else { "s" };
        match language {
            Language::English => Self {
                subject: "Invitation to a video call",
                invites: format!("{inviter} invites you to a video call with an interpreter."),
                join: "Open this link to join:",
                answer: format!("Please answer within {minutes} minute{several}."),
                alone: "The link is for you alone: do not pass it on.",
            },
            Language::Spanish => Self {
                subject: "Invitación a una videollamada",
                invites: format!("{inviter} le invita a una videollamada con intérprete."),
                join: "Abra este enlace para unirse:",
                answer: format!("Por favor, responda en un plazo de {minutes} minuto{several}."),
                alone: "El enlace es solo para usted: no lo comparta.",
            },
        }
    }
}

impl Invitation {
    /// A name that no other invitation has, and each delivery of this one: no secret, and it opens nothing.
    pub(crate) fn name(&self) -> String {
        format!("trialogue-invitation-{}", self.participant)
    }

    pub(crate) fn subject(&self, language: Language) -> &'static str {
        Words::of(self, language).subject
    }

    /// The e-mail as plain text.
    pub(crate) fn plain(&self, language: Language) -> String {
        let Words { invites, join, answer, alone, .. } = Words::of(self, language);
        format!("{invites}\n\n{join}\n{}\n\n{answer} {alone}\n", self.link)
    }

    /// The e-mail as HTML: nothing is fetched for it.
    pub(crate) fn html(&self, language: Language) -> String {
        let Words { subject, invites, join, answer, alone } = Words::of(self, language);
        let (invites, link, code) = (escaped(&invites), escaped(&self.link), language.code());
        format!(
            "<!DOCTYPE html>\n<html lang=\"{code}\"><head><meta charset=\"utf-8\"><title>{subject}</title></head>\n\
             <body><p>{invites}</p>\n<p>{join}<br><a href=\"{link}\">{link}</a></p>\n<p>{answer} {alone}</p></body></html>\n"
        )
    }

    /// All in one line.
    pub(crate) fn short(&self, language: Language) -> String {
        let Words { invites, answer, .. } = Words::of(self, language);
        format!("{invites} {answer} {}", self.link)
    }
}

/// A name that does not change the direction of the text around it (UAX #9: isolates). A name in ASCII can't, and the
/// marks would make a text message several times as long.
fn isolated(name: &str) -> String {
    if name.is_ascii() { name.to_owned() } else { format!("\u{2068}{name}\u{2069}") }
}

/// Characters that change the direction of writing until something ends that.
const DIRECTIONS: [char; 12] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

/// A name as it is shown: it must not look like more than one.
fn one_line(name: &str) -> String {
    let shown = name.chars().filter(|c| !DIRECTIONS.contains(c));
    let spaced: String = shown.map(|c| if c.is_control() { ' ' } else { c }).take(100).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(inviter: &str, minutes: u64) -> Invitation {
        Invitation {
            participant: ParticipantId(7),
            inviter: inviter.to_owned(),
            link: "https://call.example/join#00ff".to_owned(),
            minutes,
        }
    }

    #[test]
    fn every_text_has_the_link_and_who_invites() {
        for language in Language::ALL {
            let invitation = from("Nora Quist", 15);
            for text in [invitation.plain(language), invitation.html(language), invitation.short(language)] {
                assert!(text.contains("Nora Quist") && text.contains("15 minut"), "{text}");
                assert!(text.contains("https://call.example/join#00ff"), "{text}");
            }
            assert_eq!(invitation.short(language).lines().count(), 1);
        }
        assert!(from("x", 1).plain(Language::English).contains("within 1 minute."));
        assert!(from("x", 1).plain(Language::Spanish).contains("de 1 minuto."));
    }

    #[test]
    fn a_name_stays_a_name() {
        let name = "Eve\r\n\r\nOpen http://evil.example <script>\u{0}&\"";
        let invitation = from(name, 15);
        for language in Language::ALL {
            assert!(invitation.plain(language).starts_with("Eve Open http://evil.example <script> &\" "));
            let html = invitation.html(language);
            assert!(html.contains("<p>Eve Open http://evil.example &lt;script&gt; &amp;&quot; "), "{html}");
        }
        let turned = from("Sara \u{202e}שרה\u{2066}", 15);
        for text in
            [turned.plain(Language::English), turned.html(Language::English), turned.short(Language::English)]
        {
            assert!(text.contains("\u{2068}Sara שרה\u{2069} invites you"), "{text:?}");
            assert!(!text.contains(['\u{202e}', '\u{2066}']), "{text:?}");
        }
        assert!(from(&"x".repeat(5000), 15).short(Language::English).len() < 300);
    }
}

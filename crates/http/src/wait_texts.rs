//! What a client who waits is told, in the language of its log-in.

use std::time::Duration;

use trialogue_domain::{LanguageId, OfferState, ReleaseReason, Request, Stage, WaitEstimate};
use trialogue_storage::ConferenceView;

/// The number of Spanish in the language table.
const SPANISH: LanguageId = LanguageId(44);

/// How things stand with a request that waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// How many interpreters are rung.
    pub(crate) rung: usize,
    /// How many have said no.
    pub(crate) declined: usize,
    /// Its place among those that wait for the language; 1 is the next.
    pub(crate) position: usize,
    /// What waits for the language have been like.
    pub(crate) estimate: Option<WaitEstimate>,
}

impl Figures {
    /// Of a conference's main request; none unless it waits.
    pub(crate) fn of(
        view: &ConferenceView,
        request: &Request,
        estimate: Option<WaitEstimate>,
    ) -> Option<Self> {
        let Stage::Searching { offers, .. } = &request.stage else { return None };
        let are = |is: fn(&OfferState) -> bool| offers.iter().filter(|offer| is(&offer.state)).count();
        Some(Self {
            rung: are(|state| state.is_open()),
            declined: are(|state| *state == OfferState::Declined),
            position: usize::try_from(view.ahead).unwrap_or_default().saturating_add(1),
            estimate,
        })
    }
}

/// A language of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texts {
    English,
    Spanish,
}

impl Texts {
    /// That of a log-in; English where there is no other.
    pub(crate) fn of(language: Option<LanguageId>) -> Self {
        if language == Some(SPANISH) { Self::Spanish } else { Self::English }
    }

    /// What is told while an interpreter is looked for.
    pub(crate) fn searching(
        self,
        language: &str,
        released: Option<ReleaseReason>,
        figures: Figures,
    ) -> String {
        let mut sentences = Vec::new();
        sentences.extend(released.map(|reason| self.released(reason).to_owned()));
        sentences.push(match (self, released) {
            (Self::English, None) => format!("Looking for an interpreter for {language}."),
            (Self::English, Some(_)) => format!("Looking for another interpreter for {language}."),
            (Self::Spanish, None) => format!("Buscamos un intérprete ({language})."),
            (Self::Spanish, Some(_)) => format!("Buscamos otro intérprete ({language})."),
        });
        let Figures { rung, declined, position, estimate } = figures;
        sentences.push(match (self, rung) {
            (Self::English, 0) => "Nobody can be rung at the moment.".to_owned(),
            (Self::English, 1) => "1 interpreter is being rung.".to_owned(),
            (Self::English, _) => format!("{rung} interpreters are being rung."),
            (Self::Spanish, 0) => "En este momento no se puede llamar a nadie.".to_owned(),
            (Self::Spanish, 1) => "Estamos llamando a 1 intérprete.".to_owned(),
            (Self::Spanish, _) => format!("Estamos llamando a {rung} intérpretes."),
        });
        if declined > 0 {
            sentences.push(match self {
                Self::English => format!("{declined} said no."),
                Self::Spanish => format!("{declined} no pueden atender."),
            });
        }
        if position > 1 {
            sentences.push(match self {
                Self::English => format!("You are number {position} of those who wait."),
                Self::Spanish => format!("Usted es el número {position} de los que esperan."),
            });
        }
        if let Some(WaitEstimate { median, ninetieth }) = estimate {
            let (half, most) = (self.duration(median), self.duration(ninetieth));
            sentences.push(match self {
                Self::English => {
                    format!(
                        "Of the clients who were served lately half waited {half} or less, nine of ten {most} or less."
                    )
                }
                Self::Spanish => format!(
                    "De los clientes atendidos últimamente la mitad esperó {half} o menos; nueve de cada diez, {most} o menos."
                ),
            });
        }
        sentences.join(" ")
    }

    const fn released(self, reason: ReleaseReason) -> &'static str {
        match (self, reason) {
            (Self::English, ReleaseReason::Refused) => "The interpreter could not take the call.",
            (Self::English, ReleaseReason::Missed) => "The interpreter did not answer.",
            (Self::English, ReleaseReason::Left) => "The interpreter has left.",
            (Self::English, ReleaseReason::Replaced) => "You asked for another interpreter.",
            (Self::English, ReleaseReason::HandedOver) => "The interpreter handed the call over.",
            (Self::Spanish, ReleaseReason::Refused) => "El intérprete no pudo atender la llamada.",
            (Self::Spanish, ReleaseReason::Missed) => "El intérprete no contestó.",
            (Self::Spanish, ReleaseReason::Left) => "El intérprete se ha ido.",
            (Self::Spanish, ReleaseReason::Replaced) => "Usted pidió otro intérprete.",
            (Self::Spanish, ReleaseReason::HandedOver) => "El intérprete cedió la llamada.",
        }
    }

    /// Seconds up to two minutes, then minutes, rounded up.
    fn duration(self, span: Duration) -> String {
        let seconds = span.as_millis().div_ceil(1000).max(1);
        match (self, seconds) {
            (Self::English, 1) => "1 second".to_owned(),
            (Self::English, 2..=119) => format!("{seconds} seconds"),
            (Self::English, _) => format!("{} minutes", seconds.div_ceil(60)),
            (Self::Spanish, 1) => "1 segundo".to_owned(),
            (Self::Spanish, 2..=119) => format!("{seconds} segundos"),
            (Self::Spanish, _) => format!("{} minutos", seconds.div_ceil(60)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(rung: usize, declined: usize, position: usize, estimate: Option<(u64, u64)>) -> Figures {
        let estimate = estimate.map(|(median, ninetieth)| WaitEstimate {
            median: Duration::from_secs(median),
            ninetieth: Duration::from_secs(ninetieth),
        });
        Figures { rung, declined, position, estimate }
    }

    #[test]
    fn a_client_who_waits_hears_how_things_stand() {
        let told = Texts::of(None).searching("Spanish", None, figures(3, 1, 2, Some((40, 170))));
        assert_eq!(
            told,
            "Looking for an interpreter for Spanish. 3 interpreters are being rung. 1 said no. You are number 2 of those \
             who wait. Of the clients who were served lately half waited 40 seconds or less, nine of ten 3 minutes or less."
        );
        let told = Texts::of(Some(SPANISH)).searching(
            "Quechua",
            Some(ReleaseReason::Missed),
            figures(1, 0, 1, Some((1, 120))),
        );
        assert_eq!(
            told,
            "El intérprete no contestó. Buscamos otro intérprete (Quechua). Estamos llamando a 1 intérprete. De los \
             clientes atendidos últimamente la mitad esperó 1 segundo o menos; nueve de cada diez, 2 minutos o menos."
        );
        let told = Texts::English.searching("Spanish", None, figures(0, 0, 1, None));
        assert_eq!(told, "Looking for an interpreter for Spanish. Nobody can be rung at the moment.");
    }
}

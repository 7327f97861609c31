//! What a body wants of an interpreter, beside the language (contract section 4, "Gender option", "Specialty", "Video
//! option").

use trialogue_contract::models::InterpreterOptions;
use trialogue_domain::{Gender, Medium, Specialty, Strength, Wants};

use crate::call::Call;
use crate::problem::Problem;
use crate::reply::Failure;

impl Call {
    /// What these options want. An interpreter's number that nobody has is refused.
    pub(crate) async fn wants(&self, options: InterpreterOptions<'_>) -> Result<Wants, Failure> {
        let (number, is_required) = options.interpreter;
        let interpreter =
            match number.map(str::trim).filter(|number| !number.is_empty()) {
                None => None,
                Some(number) => {
                    let found = self.app().interpreter_numbered(number).await.map_err(|e| self.fail(e))?;
                    let message = "there is no interpreter with this number";
                    Some(found.ok_or_else(|| {
                        self.fail(Problem::BadValue { member: "InterpreterNumber", message })
                    })?)
                }
            };
        let (specialty, specialty_required) = options.specialty;
        let specialty = Specialty::ALL.into_iter().find(|known| Some(known.code()) == specialty);
        let (certification, certification_required) = options.certification;
        Ok(Wants {
            gender: match options.gender {
                Some(2) => Some((Gender::Female, Strength::Wish)),
                Some(3) => Some((Gender::Female, Strength::Requirement)),
                Some(4) => Some((Gender::Male, Strength::Wish)),
                Some(5) => Some((Gender::Male, Strength::Requirement)),
                _ => None,
            },
            specialty: specialty.map(|specialty| (specialty, strength(specialty_required))),
            certification: certification.map(|level| (level, strength(certification_required))),
            medium: match options.video {
                Some(2) => Medium::Audio,
                Some(3) => Medium::Video(Strength::Requirement),
                _ => Medium::default(),
            },
            interpreter: interpreter.map(|user| (user, strength(is_required))),
        })
    }
}

const fn strength(is_required: bool) -> Strength {
    if is_required { Strength::Requirement } else { Strength::Wish }
}

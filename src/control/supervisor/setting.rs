//! The performance on disk: begun with the instrument, and told of where it can't be written.
use super::super::event::What;
use super::super::set::{Header, News, SetLog, VERSION};
use super::Supervisor;
use crate::dsp::lanes::IsaChoice;

impl Supervisor {
    pub(super) fn begin_set(&mut self) {
        let Some(config) = &self.config.sets else {
            return;
        };
        let header = Header {
            chronus_set: VERSION,
            program: env!("CARGO_PKG_VERSION").into(),
            began: super::super::set::now(),
            rate: self.config.rate,
            isa: self.config.isa.name().into(),
            machine: machine(),
            seed: self.config.seed,
            bpm: self.config.bpm,
            fades_in: config.fades_in,
            input_not_in_here: self.config.input.name(),
        };
        match SetLog::start(config, &header) {
            Ok(set) => self.rig.log(set),
            Err(why) => {
                let folder = config.folder.display();
                let sentence = format!("the performance is not written down: {folder}: {why}");
                self.tell(What::Warning, sentence);
            }
        }
    }

    pub(super) fn hear_set(&mut self) {
        let news = self.rig.set().and_then(SetLog::news);
        if let Some(News::Ended { path, why }) = news {
            let path = path.display();
            let sentence = format!("the performance is not written down any more: {path}: {why}");
            self.tell(What::Warning, sentence);
        }
    }
}

/// The instruction sets that are here: `auto` chooses among them.
pub fn machine() -> String {
    let here = IsaChoice::ALL.into_iter().filter(|i| i.resolve().is_ok());
    here.map(IsaChoice::name).collect::<Vec<_>>().join(" ")
}

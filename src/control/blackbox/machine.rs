//! How busy the machine is beside this program, as far as the system tells.

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Machine {
    pub cores: usize,
    /// Programs that want to run, over the last minute.
    pub wanting: Option<f32>,
    /// Share of the last ten seconds in which some program waited for a processor, in percent.
    pub pressure: Option<f32>,
}

impl Machine {
    pub fn now() -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            wanting: read("/proc/loadavg", |text| {
                text.split_whitespace().next()?.parse().ok()
            }),
            pressure: read("/proc/pressure/cpu", |text| {
                let at = text.find("avg10=")? + 6;
                text[at..].split_whitespace().next()?.parse().ok()
            }),
        }
    }

    /// Others want the processors too.
    pub fn is_busy(&self) -> bool {
        self.pressure.is_some_and(|p| p > 25.0)
            || self.wanting.is_some_and(|w| w > self.cores as f32)
    }

    /// "2 processors, 12.9 programs wanting them, some waited 99 % of the last 10 s"
    pub fn words(&self) -> String {
        let mut words = format!("{} processors", self.cores);
        if let Some(wanting) = self.wanting {
            words += &format!(", {wanting:.1} threads wanting them");
        }
        if let Some(pressure) = self.pressure {
            words += &format!(", some waited {pressure:.0} % of the last 10 s");
        }
        words
    }
}

fn read(path: &str, find: impl Fn(&str) -> Option<f32>) -> Option<f32> {
    find(&std::fs::read_to_string(path).ok()?)
}

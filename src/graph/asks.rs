//! Whom lane groups ask whether they may rest, as the plan has it. Made by the builder, read by engine threads.
use super::plan::{Place, UnitPlan};

/// A unit's part in resting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It is always rendered.
    None,
    /// It rests where those that it asks allow it.
    Asks,
    /// It is one of those, an amplifier.
    Told,
}

/// A question of one lane group to another.
#[derive(Clone, Copy)]
pub struct Ask {
    pub unit: usize,
    pub group: usize,
    /// Lanes that it concerns, and those of them to which the same lane there answers.
    lanes: u64,
    same: u64,
    /// The others, from lane to lane: in [`Asks::moved`].
    moved: (usize, usize),
}

/// One lane group's questions: in [`Asks::asks`].
#[derive(Clone, Copy)]
pub struct Asking {
    pub first: usize,
    pub end: usize,
    /// Lanes that may rest at all, among them those without an instance.
    pub may: u64,
    /// Lanes with an instance.
    pub used: u64,
    /// The first of the lane groups that ask the same: it keeps what the answers came to, of which block and of which turn.
    like: usize,
    known: u64,
    block: u32,
    turn: u64,
}

/// Lane groups back that are compared: some units of many voices.
const NEAR: usize = 64;

pub struct Asks {
    /// For each unit.
    pub parts: Vec<Part>,
    /// For each unit its first lane group in `groups`.
    first: Vec<usize>,
    groups: Vec<Asking>,
    asks: Vec<Ask>,
    moved: Vec<(u8, u8)>,
    /// Counts when knobs were turned.
    turn: u64,
}

impl Asks {
    pub fn new(units: &[UnitPlan], width: usize) -> Self {
        let mut this = Self {
            parts: vec![Part::None; units.len()],
            first: Vec::with_capacity(units.len()),
            groups: Vec::new(),
            asks: Vec::new(),
            moved: Vec::new(),
            turn: 1,
        };
        let lanes = |unit: usize| if units[unit].wide { width } else { 1 };
        for (index, unit) in units.iter().enumerate() {
            this.first.push(this.groups.len());
            if unit.asks.is_empty() {
                continue;
            }
            this.parts[index] = Part::Asks;
            for group in 0..unit.instances().div_ceil(lanes(index)) {
                this.add_group(unit, group, lanes(index), lanes);
            }
            for ask in unit.asks.iter().flatten() {
                if this.parts[ask.unit] == Part::None {
                    this.parts[ask.unit] = Part::Told;
                }
            }
        }
        this
    }

    /// Whether the newest lane group asks what one of the last few asks: a chain does.
    fn find_like(&mut self) {
        let Some((newest, before)) = self.groups.split_last() else {
            return;
        };
        let near = before.len().saturating_sub(NEAR);
        let like = before[near..].iter().rev().find(|g| self.alike(g, newest));
        if let Some(like) = like.map(|g| g.like) {
            let newest = self.groups.len() - 1;
            self.groups[newest].like = like;
        }
    }

    fn alike(&self, a: &Asking, b: &Asking) -> bool {
        let (mine, others) = (&self.asks[a.first..a.end], &self.asks[b.first..b.end]);
        let moved = |ask: &Ask| &self.moved[ask.moved.0..ask.moved.1];
        let same = |a: &Ask, b: &Ask| {
            (a.unit, a.group, a.lanes, a.same) == (b.unit, b.group, b.lanes, b.same)
                && moved(a) == moved(b)
        };
        (a.may, a.used, mine.len()) == (b.may, b.used, others.len())
            && mine.iter().zip(others).all(|(a, b)| same(a, b))
    }

    /// `width` says how many lanes the asker has, `lanes` how many a unit.
    fn add_group(
        &mut self,
        unit: &UnitPlan,
        group: usize,
        width: usize,
        lanes: impl Fn(usize) -> usize,
    ) {
        let first = self.asks.len();
        let end = unit.instances().min((group + 1) * width);
        let used = u64::MAX >> (64 - (end - group * width));
        let empty = (u64::MAX >> (64 - width)) & !used;
        let may = match unit.voices {
            1 => self.ask_each(&unit.asks[group * width..end], lanes),
            _ => self.ask_voices(&unit.asks[0], group, used),
        };
        self.groups.push(Asking {
            first,
            end: self.asks.len(),
            may: may | empty,
            used,
            like: self.groups.len(),
            known: 0,
            block: 0,
            turn: 0,
        });
        self.find_like();
    }

    /// Questions of one module's voices, `used` in this group: whom it asks has as many, each in the same lane.
    fn ask_voices(&mut self, places: &[Place], group: usize, used: u64) -> u64 {
        self.asks.extend(places.iter().map(|place| Ask {
            unit: place.unit,
            group,
            lanes: used,
            same: used,
            moved: (0, 0),
        }));
        if places.is_empty() { 0 } else { used }
    }

    /// Questions of modules that share a group, lane by lane. Lanes that may rest.
    fn ask_each(&mut self, asks: &[Vec<Place>], lanes: impl Fn(usize) -> usize) -> u64 {
        let first = self.asks.len();
        let mut may = 0;
        let mut moved: Vec<Vec<(u8, u8)>> = Vec::new();
        for (lane, places) in asks.iter().enumerate() {
            may |= u64::from(!places.is_empty()) << lane;
            for place in places {
                let n = lanes(place.unit);
                let (group, from, bit) = (place.instance / n, place.instance % n, 1 << lane);
                // One answer a lane: all of them count.
                let open = self.asks[first..]
                    .iter()
                    .position(|a| (a.unit, a.group) == (place.unit, group) && a.lanes & bit == 0);
                let at = open.unwrap_or_else(|| {
                    self.asks.push(Ask {
                        unit: place.unit,
                        group,
                        lanes: 0,
                        same: 0,
                        moved: (0, 0),
                    });
                    moved.push(Vec::new());
                    moved.len() - 1
                });
                let ask = &mut self.asks[first + at];
                ask.lanes |= bit;
                if from == lane {
                    ask.same |= bit;
                } else {
                    moved[at].push((from as u8, lane as u8));
                }
            }
        }
        for (ask, moved) in self.asks[first..].iter_mut().zip(moved) {
            ask.moved = (self.moved.len(), self.moved.len() + moved.len());
            self.moved.extend(moved);
        }
        may
    }

    #[inline]
    pub fn asking(&self, unit: usize, group: usize) -> Asking {
        self.groups[self.first[unit] + group]
    }

    /// What a lane group's answers came to, or those of another that asks the same, where they still hold in a block.
    #[inline(always)]
    pub fn known(&self, unit: usize, group: usize, block: u32) -> Option<u64> {
        let first = &self.groups[self.groups[self.first[unit] + group].like];
        (first.block == block || first.turn == self.turn).then_some(first.known)
    }

    /// Answers of a block; `settled` ones hold until a knob is turned.
    #[inline]
    pub fn keep(&mut self, unit: usize, group: usize, block: u32, known: u64, settled: bool) {
        let like = self.groups[self.first[unit] + group].like;
        let first = &mut self.groups[like];
        (first.known, first.block) = (known, block);
        first.turn = if settled { self.turn } else { 0 };
    }

    /// A knob is turned.
    pub fn forget(&mut self) {
        self.turn += 1;
    }

    #[inline]
    pub fn ask(&self, index: usize) -> Ask {
        self.asks[index]
    }

    /// The lanes of an answer as the asker's lanes; those that it does not concern are set.
    #[inline]
    pub fn heard(&self, ask: Ask, told: u64) -> u64 {
        let mut heard = (told & ask.same) | !ask.lanes;
        for (from, to) in &self.moved[ask.moved.0..ask.moved.1] {
            heard |= (told >> from & 1) << to;
        }
        heard
    }
}

//! Which action a key means where: the actions table's keys, with the user's own over them.
use super::actions::{ACTIONS, Action, Scope, WITH_ARGUMENT};
use super::chord::{Chord, Keys};

/// Keys and what they do in a scope.
#[derive(Clone, Debug)]
pub struct Binding {
    pub scope: Scope,
    pub keys: Keys,
    pub action: &'static Action,
    /// As typed behind the action's name.
    pub arg: String,
}

/// All keys as they are now.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

/// What a key press comes to.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    Bound(&'a Binding),
    /// The first of two letters.
    Begins,
    Nothing,
}

/// What rebinding a key did to others.
#[derive(Clone, Debug, PartialEq)]
pub enum Conflict {
    /// The key did this before, in the same place.
    Replaced(&'static str),
    /// Here the key no longer does what it does everywhere.
    Hides(&'static str),
    /// As the first of two letters it is lost for these.
    Begins(String),
}

/// Actions that a player must be able to reach whatever the layer: where nothing is left for one, it is told.
const ESSENTIAL: [(Scope, &str); 14] = [
    (Scope::Everywhere, "prime"),
    (Scope::Everywhere, "swap"),
    (Scope::Everywhere, "undo"),
    (Scope::Everywhere, "redo"),
    (Scope::Everywhere, "panic"),
    (Scope::Everywhere, "record"),
    (Scope::Everywhere, "keyboard"),
    (Scope::Everywhere, "palette"),
    (Scope::Everywhere, "save"),
    (Scope::Everywhere, "quit"),
    (Scope::Everywhere, "macro"),
    (Scope::Everywhere, "help"),
    (Scope::Edit, "nav"),
    (Scope::Keys, "leave keys"),
];

impl Default for Keymap {
    fn default() -> Self {
        let own = ACTIONS.iter().flat_map(|action| {
            keys_of(action).map(move |(scope, keys)| Binding {
                scope,
                keys,
                action,
                arg: String::new(),
            })
        });
        let more = WITH_ARGUMENT.iter().filter_map(|(scope, keys, name, arg)| {
            Some(Binding {
                scope: *scope,
                keys: Keys::parse(keys)?,
                action: action(name)?,
                arg: (*arg).to_owned(),
            })
        });
        Self {
            bindings: own.chain(more).collect(),
        }
    }
}

impl Keymap {
    /// What a key means, after the letter that was pressed before it: the first of the scopes that knows it.
    pub fn find(&self, scopes: &[Scope], before: Option<Chord>, chord: Chord) -> Found<'_> {
        for scope in scopes {
            let mut here = self.bindings.iter().filter(|b| b.scope == *scope);
            let pressed = match before {
                Some(first) => Keys {
                    first,
                    then: Some(chord),
                },
                None => Keys {
                    first: chord,
                    then: None,
                },
            };
            if let Some(binding) = here.clone().find(|b| b.keys == pressed) {
                return Found::Bound(binding);
            }
            if before.is_none() && here.any(|b| b.keys.first == chord) {
                return Found::Begins;
            }
        }
        Found::Nothing
    }

    /// Whether none of the nearer scopes takes the keys for itself.
    pub fn reaches(&self, nearer: &[Scope], keys: Keys) -> bool {
        match self.find(nearer, None, keys.first) {
            Found::Nothing => true,
            Found::Begins => keys.then.is_some(),
            Found::Bound(_) => false,
        }
    }

    /// What may follow a first letter, for the list that comes up when the second is slow to come.
    pub fn after(&self, scopes: &[Scope], first: Chord) -> Vec<(Chord, &Binding)> {
        let mut rows: Vec<(Chord, &Binding)> = Vec::new();
        for scope in scopes {
            for binding in self.bindings.iter().filter(|b| b.scope == *scope) {
                let Some(then) = binding.keys.then.filter(|_| binding.keys.first == first) else {
                    continue;
                };
                if !rows.iter().any(|(known, _)| *known == then) {
                    rows.push((then, binding));
                }
            }
        }
        rows
    }

    /// An action's bindings, in the order of the table, the user's behind them.
    pub fn of<'a>(&'a self, action: &'a Action) -> impl Iterator<Item = &'a Binding> {
        let same = move |b: &&Binding| b.action.name == action.name;
        self.bindings.iter().filter(same)
    }

    /// The keys that do an action in a scope, as help prints them: "^G  F6", "m1 … m8".
    pub fn printed(&self, action: &Action, scope: Scope) -> Option<Vec<String>> {
        let here = || self.of(action).filter(move |b| b.scope == scope);
        let plain = here().filter(|b| b.arg.is_empty());
        let mut keys: Vec<String> = plain.map(|b| b.keys.to_string()).collect();
        let with: Vec<&Binding> = here().filter(|b| !b.arg.is_empty()).collect();
        match with.as_slice() {
            [first, .., last] if with.len() > 3 => {
                keys.push(format!("{}…{}", first.keys, last.keys));
            }
            few => keys.extend(few.iter().map(|b| b.keys.to_string())),
        }
        (!keys.is_empty()).then_some(keys)
    }

    /// Gives keys another meaning in a scope; None takes it away.
    pub fn bind(
        &mut self,
        scope: Scope,
        keys: Keys,
        to: Option<(&'static Action, String)>,
    ) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        let same = |b: &Binding| b.scope == scope && b.keys == keys;
        if let Some(old) = self.bindings.iter().find(|b| same(b)) {
            let changed = to
                .as_ref()
                .is_some_and(|(new, arg)| new.name != old.action.name || *arg != old.arg);
            if changed {
                conflicts.push(Conflict::Replaced(old.action.name));
            }
        }
        self.bindings.retain(|b| !same(b));
        let Some((action, arg)) = to else {
            return conflicts;
        };
        if scope != Scope::Everywhere
            && let Some(hidden) = self
                .bindings
                .iter()
                .find(|b| b.scope == Scope::Everywhere && b.keys.first == keys.first)
        {
            conflicts.push(Conflict::Hides(hidden.action.name));
        }
        let begun = self.bindings.iter().find(|b| {
            b.scope == scope
                && b.keys.first == keys.first
                && b.keys.then.is_some() != keys.then.is_some()
        });
        if let Some(begun) = begun {
            let lost = match keys.then {
                None => begun.keys,
                Some(_) => keys,
            };
            conflicts.push(Conflict::Begins(lost.to_string()));
        }
        self.bindings.push(Binding {
            scope,
            keys,
            action,
            arg,
        });
        conflicts
    }

    /// Essential actions that nothing is left for where they are needed.
    pub fn lost(&self) -> Vec<(Scope, &'static str)> {
        let left = |scope: Scope, name: &str| {
            self.bindings
                .iter()
                .any(|b| b.scope == scope && b.action.name == name)
        };
        ESSENTIAL
            .into_iter()
            .filter(|(scope, name)| !left(*scope, name))
            .collect()
    }
}

/// An action by its name.
pub fn action(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

/// An action's keys as the table has them, with the scopes that they are for.
pub fn keys_of(action: &Action) -> impl Iterator<Item = (Scope, Keys)> + '_ {
    action.keys.iter().flat_map(|(scope, keys)| {
        keys.split(' ')
            .filter_map(Keys::parse)
            .map(|keys| (*scope, keys))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        for action in ACTIONS {
            for (_, text) in action.keys {
                for word in text.split(' ') {
                    let keys = Keys::parse(word).expect(word);
                    assert_eq!(keys.to_string(), word, "{}", action.name);
                }
            }
        }
        for (_, keys, name, _) in WITH_ARGUMENT {
            assert!(Keys::parse(keys).is_some() && action(name).is_some());
        }
    }

    #[test]
    fn no_key_has_two_meanings_in_one_place() {
        let map = Keymap::default();
        let mut seen = HashMap::new();
        for b in &map.bindings {
            if let Some(other) = seen.insert((b.scope, b.keys), b.action.name) {
                panic!(
                    "{} is {other} and {} in {:?}",
                    b.keys, b.action.name, b.scope
                );
            }
        }
        for (scope, keys) in seen.keys() {
            let single = Keys {
                first: keys.first,
                then: None,
            };
            assert!(
                *scope == Scope::Everywhere || !seen.contains_key(&(Scope::Everywhere, single)),
                "{scope:?} hides {keys}, which works everywhere"
            );
            assert!(
                keys.then.is_none() || !seen.contains_key(&(*scope, single)),
                "{keys} can't be reached in {scope:?}"
            );
        }
        assert_eq!(map.lost(), []);
    }

    #[test]
    fn chords_that_terminals_cannot_send_are_not_used() {
        // tmux's and screen's prefixes, and what arrives as Tab, Enter, Backspace or Esc.
        for bad in ["^B", "^A", "^I", "^M", "^H", "^J", "^[", "^\\", "^/"] {
            let chord = Chord::parse(bad).expect(bad);
            let map = Keymap::default();
            assert!(map.bindings.iter().all(|b| b.keys.first != chord), "{bad}");
        }
    }

    #[test]
    fn a_key_is_looked_for_in_the_nearest_place_first() {
        let mut map = Keymap::default();
        let scopes = [Scope::Nav, Scope::Everywhere];
        let chord = |text| Chord::parse(text).expect("a chord");
        let name = |found: Found<'_>| match found {
            Found::Bound(b) => format!("{} {}", b.action.name, b.arg),
            Found::Begins => "begins".to_owned(),
            Found::Nothing => "nothing".to_owned(),
        };
        assert_eq!(name(map.find(&scopes, None, chord("^G"))), "swap ");
        assert_eq!(name(map.find(&scopes, None, chord("g"))), "begins");
        assert_eq!(
            name(map.find(&scopes, Some(chord("g")), chord("f"))),
            "files "
        );
        assert_eq!(
            name(map.find(&scopes, Some(chord("m")), chord("3"))),
            "macro 3"
        );
        assert_eq!(
            name(map.find(&scopes, Some(chord("g")), chord("7"))),
            "nothing"
        );
        assert!(map.after(&scopes, chord("g")).len() >= 6);
        let swap = action("swap").expect("there");
        let keys = |text| Keys::parse(text).expect("keys");
        let told = map.bind(Scope::Nav, keys("^E"), Some((swap, "now".into())));
        assert_eq!(told, [Conflict::Hides("prime")]);
        assert_eq!(name(map.find(&scopes, None, chord("^E"))), "swap now");
        let told = map.bind(Scope::Nav, keys("g"), Some((swap, String::new())));
        assert_eq!(told.len(), 1);
        map.bind(Scope::Everywhere, keys("^G"), None);
        assert_eq!(map.lost(), []);
        map.bind(Scope::Everywhere, keys("F6"), None);
        assert_eq!(map.lost(), [(Scope::Everywhere, "swap")]);
        assert_eq!(
            name(map.find(&[Scope::Everywhere], None, chord("^G"))),
            "nothing"
        );
    }
}

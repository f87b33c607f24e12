//! Colours by role: three shipped themes, theme files of the user's own, and what is left of them with fewer colours.
use std::collections::BTreeMap;
use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use super::color::{Depth, Rgb, at_depth, mix, parse_hex};

/// What a piece of the screen means; the theme says how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[rustfmt::skip]
pub enum Role {
    Bg, Text, Muted, Border, Focus, Selection, SlotA, SlotB, Live, Primed, Busy, Failed, Audio, Cv, Gate,
    MeterLow, MeterMid, MeterClip, Scope, Spectrum, SynKey, SynString, SynNumber, SynComment, DiagError, DiagWarn,
}

/// A role's name in theme files, the role it is derived from where a theme does not list it, and how it looks with 16
/// colours and with none.
struct RoleSpec {
    role: Role,
    name: &'static str,
    from: Option<Role>,
    ansi: Color,
    ansi_also: Modifier,
    plain: Modifier,
}

const NO: Modifier = Modifier::empty();
const BOLD: Modifier = Modifier::BOLD;
const DIM: Modifier = Modifier::DIM;
const REV: Modifier = Modifier::REVERSED;
const UNDER: Modifier = Modifier::UNDERLINED;

const fn role(
    role: Role,
    name: &'static str,
    from: Option<Role>,
    ansi: Color,
    ansi_also: Modifier,
    plain: Modifier,
) -> RoleSpec {
    RoleSpec {
        role,
        name,
        from,
        ansi,
        ansi_also,
        plain,
    }
}

#[rustfmt::skip]
const ROLES: [RoleSpec; 26] = [
    role(Role::Bg,         "bg",             None,               Color::Reset,    NO,   NO),
    role(Role::Text,       "text",           None,               Color::Reset,    NO,   NO),
    role(Role::Muted,      "muted",          None,               Color::Reset,    DIM,  DIM),
    role(Role::Border,     "border",         None,               Color::Reset,    DIM,  DIM),
    role(Role::Focus,      "focus",          None,               Color::Blue,     BOLD, BOLD),
    role(Role::Selection,  "selection",      Some(Role::Focus),  Color::Blue,     REV,  REV),
    role(Role::SlotA,      "slot.a",         None,               Color::Cyan,     NO,   NO),
    role(Role::SlotB,      "slot.b",         None,               Color::Yellow,   NO,   NO),
    role(Role::Live,       "state.live",     None,               Color::Green,    BOLD, BOLD),
    role(Role::Primed,     "state.primed",   None,               Color::Yellow,   BOLD, UNDER),
    role(Role::Busy,       "state.busy",     None,               Color::Magenta,  NO,   DIM),
    role(Role::Failed,     "state.failed",   None,               Color::Red,      REV,  REV),
    role(Role::Audio,      "cable.audio",    None,               Color::Blue,     NO,   NO),
    role(Role::Cv,         "cable.cv",       None,               Color::Yellow,   NO,   NO),
    role(Role::Gate,       "cable.gate",     None,               Color::Magenta,  NO,   NO),
    role(Role::MeterLow,   "meter.low",      Some(Role::Live),   Color::Green,    NO,   NO),
    role(Role::MeterMid,   "meter.mid",      Some(Role::Primed), Color::Yellow,   NO,   NO),
    role(Role::MeterClip,  "meter.clip",     Some(Role::Failed), Color::Red,      NO,   BOLD),
    role(Role::Scope,      "scope",          Some(Role::SlotA),  Color::Cyan,     NO,   NO),
    role(Role::Spectrum,   "spectrum",       Some(Role::Audio),  Color::Blue,     NO,   NO),
    role(Role::SynKey,     "syntax.key",     Some(Role::Audio),  Color::Blue,     NO,   NO),
    role(Role::SynString,  "syntax.string",  Some(Role::Live),   Color::Green,    NO,   NO),
    role(Role::SynNumber,  "syntax.number",  Some(Role::Cv),     Color::Yellow,   NO,   NO),
    role(Role::SynComment, "syntax.comment", Some(Role::Muted),  Color::Reset,    DIM,  DIM),
    role(Role::DiagError,  "diag.error",     Some(Role::Failed), Color::Red,      BOLD, BOLD),
    role(Role::DiagWarn,   "diag.warn",      Some(Role::Primed), Color::Yellow,   BOLD, UNDER),
];

/// A theme that is part of the program.
struct Shipped {
    name: &'static str,
    text: &'static str,
}

const SHIPPED: [Shipped; 3] = [
    Shipped {
        name: "night",
        text: include_str!("../../themes/night.ron"),
    },
    Shipped {
        name: "paper",
        text: include_str!("../../themes/paper.ron"),
    },
    Shipped {
        name: "contrast",
        text: include_str!("../../themes/contrast.ron"),
    },
];

/// As a theme file says it: everything may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ThemeFile {
    /// A shipped theme; empty where the file stands alone.
    inherits: String,
    /// Names of the file's own for colours.
    palette: BTreeMap<String, String>,
    /// "#rrggbb" or a name of the palette.
    roles: BTreeMap<String, String>,
}

/// A style for every role.
#[derive(Clone, Debug)]
pub struct Theme {
    pub name: String,
    depth: Depth,
    colors: [Rgb; ROLES.len()],
}

impl Theme {
    /// The names of the shipped themes.
    pub fn shipped() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|s| s.name)
    }

    /// A shipped theme by its name, or a file by its path.
    pub fn load(name: &str, depth: Depth) -> Result<Self, String> {
        let theme = match SHIPPED.iter().find(|s| s.name == name) {
            Some(shipped) => Self::parse(shipped.text, name, depth, 0),
            None => {
                let text = std::fs::read_to_string(Path::new(name)).map_err(|e| {
                    let names: Vec<_> = Self::shipped().collect();
                    format!("no theme {name} ({e}); there are {}", names.join(", "))
                })?;
                Self::parse(&text, name, depth, 0)
            }
        };
        theme.map_err(|e| format!("theme {name}: {e}"))
    }

    fn parse(text: &str, name: &str, depth: Depth, level: usize) -> Result<Self, String> {
        let file: ThemeFile = ron::from_str(text).map_err(|e| e.to_string())?;
        let mut theme = match file.inherits.as_str() {
            "" => Self {
                name: name.to_owned(),
                depth,
                colors: [[128; 3]; ROLES.len()],
            },
            parent if level < 4 => {
                let shipped = SHIPPED.iter().find(|s| s.name == parent);
                let shipped = shipped.ok_or_else(|| {
                    format!("inherits \"{parent}\"; only shipped themes can be inherited")
                })?;
                Self::parse(shipped.text, name, depth, level + 1)?
            }
            parent => return Err(format!("inherits \"{parent}\" in a circle")),
        };
        for key in file.roles.keys() {
            if !ROLES.iter().any(|r| r.name == key) {
                return Err(unknown_role(key));
            }
        }
        for spec in &ROLES {
            let at = spec.role as usize;
            match (file.roles.get(spec.name), spec.from) {
                (Some(value), _) => theme.colors[at] = color_of(value, &file.palette)?,
                // A parent that sets a derived role itself would otherwise lose to the derivation.
                (None, Some(from))
                    if file.inherits.is_empty()
                        || file.roles.contains_key(ROLES[from as usize].name) =>
                {
                    theme.colors[at] = theme.colors[from as usize];
                }
                (None, None) if file.inherits.is_empty() => {
                    return Err(format!("role `{}` is missing", spec.name));
                }
                _ => {}
            }
        }
        Ok(theme)
    }

    /// The foreground style of a role. [`Role::Selection`] also fills the background.
    pub fn style(&self, role: Role) -> Style {
        let spec = &ROLES[role as usize];
        match self.depth {
            Depth::None => Style::new().add_modifier(spec.plain),
            Depth::Sixteen => Style::new().fg(spec.ansi).add_modifier(spec.ansi_also),
            _ if role == Role::Selection => Style::new()
                .fg(self.color(Role::Bg))
                .bg(self.color(Role::Selection)),
            _ => Style::new().fg(self.color(role)),
        }
    }

    /// What the whole screen is filled with.
    pub fn base(&self) -> Style {
        match self.depth {
            Depth::None | Depth::Sixteen => Style::reset(),
            _ => Style::new()
                .fg(self.color(Role::Text))
                .bg(self.color(Role::Bg))
                .remove_modifier(Modifier::all()),
        }
    }

    /// A quiet background for the row in focus, where there are colours enough; else bold.
    pub fn raised(&self) -> Style {
        match self.depth {
            Depth::None | Depth::Sixteen => Style::new().add_modifier(BOLD),
            _ => Style::new().bg(self.shade(Role::Bg, Role::Focus, 0.16)),
        }
    }

    /// Between two roles, where there are colours enough; else the nearer one.
    pub fn blend(&self, a: Role, b: Role, share: f32) -> Style {
        match self.depth {
            Depth::True | Depth::Indexed => Style::new().fg(self.shade(a, b, share)),
            _ => self.style(if share < 0.5 { a } else { b }),
        }
    }

    /// Background and text, for pictures.
    pub fn ground(&self) -> (Rgb, Rgb) {
        (self.rgb(Role::Bg), self.rgb(Role::Text))
    }

    fn rgb(&self, role: Role) -> Rgb {
        self.colors[role as usize]
    }

    fn shade(&self, a: Role, b: Role, share: f32) -> Color {
        at_depth(mix(self.rgb(a), self.rgb(b), share), self.depth)
    }

    fn color(&self, role: Role) -> Color {
        at_depth(self.rgb(role), self.depth)
    }
}

fn color_of(value: &str, palette: &BTreeMap<String, String>) -> Result<Rgb, String> {
    let hex = palette.get(value).map_or(value, String::as_str);
    parse_hex(hex).ok_or_else(|| format!("\"{value}\" is neither #rrggbb nor in the palette"))
}

fn unknown_role(key: &str) -> String {
    let near = ROLES
        .iter()
        .map(|r| (strsim::damerau_levenshtein(key, r.name), r.name))
        .min();
    match near {
        Some((distance, name)) if distance <= 3 => {
            format!("unknown role `{key}`; did you mean `{name}`?")
        }
        _ => format!("unknown role `{key}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG contrast ratio of two colours, 1..=21.
    fn contrast(a: Rgb, b: Rgb) -> f32 {
        let luminance = |rgb: Rgb| -> f32 {
            let linear = |v: u8| {
                let v = v as f32 / 255.0;
                if v <= 0.040_45 {
                    v / 12.92
                } else {
                    ((v + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn shipped(name: &str) -> Theme {
        Theme::load(name, Depth::True).expect("shipped theme")
    }

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (i, spec) in ROLES.iter().enumerate() {
            assert_eq!(spec.role as usize, i, "{}", spec.name);
            assert!(spec.from.is_none_or(|from| (from as usize) < i));
        }
    }

    #[test]
    fn every_shipped_theme_can_be_read_on_its_background() {
        for name in Theme::shipped() {
            let theme = shipped(name);
            let least = if name == "contrast" { 7.8 } else { 5.1 };
            for spec in &ROLES[1..] {
                let ratio = contrast(theme.rgb(spec.role), theme.rgb(Role::Bg));
                let wanted = if spec.role == Role::Border {
                    3.1
                } else {
                    least
                };
                assert!(ratio >= wanted, "{name} {}: {ratio:.2}", spec.name);
            }
        }
    }

    #[test]
    fn a_partial_file_keeps_the_rest_of_its_parent() {
        let text =
            r##"(inherits: "night", palette: {"rose": "#ff88aa"}, roles: {"slot.a": "rose"})"##;
        let theme = Theme::parse(text, "mine", Depth::True, 0).expect("theme");
        assert_eq!(theme.rgb(Role::SlotA), [0xff, 0x88, 0xaa]);
        assert_eq!(theme.rgb(Role::Scope), theme.rgb(Role::SlotA));
        assert_eq!(theme.rgb(Role::SlotB), shipped("night").rgb(Role::SlotB));
    }

    #[test]
    fn mistakes_are_named() {
        let parse = |text| Theme::parse(text, "mine", Depth::True, 0).expect_err("bad");
        let error = parse(r##"(inherits: "night", roles: {"slot.aa": "#112233"})"##);
        assert!(error.contains("did you mean `slot.a`?"), "{error}");
        assert!(parse(r#"(inherits: "day")"#).contains("day"));
        assert!(parse(r#"(inherits: "night", roles: {"text": "white"})"#).contains("white"));
        assert!(parse("(roles: {})").contains("missing"));
    }

    #[test]
    fn without_colours_no_style_has_one() {
        let theme = Theme::load("night", Depth::None).expect("theme");
        for spec in &ROLES {
            let style = theme.style(spec.role);
            assert_eq!((style.fg, style.bg), (None, None), "{}", spec.name);
        }
    }
}

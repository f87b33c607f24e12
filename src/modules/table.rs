//! The macros that declare a module's ports, parameters and options once: an index constant each, and the tables of its spec.

/// Declares `mod input`, `mod output`, `mod param` and `mod option` (index constants) and `SPEC`'s tables.
///
/// ```text
/// ports! {
///     inputs { IN: "in" Audio "signal"; }                      // a stereo port names two slots: (IN_L IN_R): "in" Audio "signal";
///     outputs { OUT: "out" Audio "filtered"; }
///     params { CUTOFF: "cutoff" Hz 20.0, 20_000.0, 1_000.0 Log "corner frequency"; }   // min, max, default; ["freq"] after the name: aliases
///     options { SHAPE: "shape" Choice(&["Sine", "Tri"]) "waveform"; }
/// }
/// ```
/// In a kernel: `io.ins[input::IN]`, `io.ins[param::CUTOFF]`, `io.outs[output::OUT]`; `build.choice(option::SHAPE)`.
macro_rules! ports {
    (
        inputs { $($in_slot:tt: $in_name:literal $in_signal:ident $in_doc:literal;)* }
        outputs { $($out_slot:tt: $out_name:literal $out_signal:ident $out_doc:literal;)* }
        params { $($par:ident: $par_name:literal $([$($alias:literal),*])? $unit:ident $min:expr, $max:expr, $default:expr, $scale:ident $par_doc:literal;)* }
        options { $($opt:ident: $opt_name:literal $opt_kind:ident $opt_args:tt $opt_doc:literal;)* }
    ) => {
        #[allow(dead_code, non_camel_case_types, clippy::upper_case_acronyms)]
        mod input { $crate::modules::table::slots!{ 0, $($in_slot)* } }
        #[allow(dead_code, non_camel_case_types, clippy::upper_case_acronyms)]
        mod output { $crate::modules::table::slots!{ 0, $($out_slot)* } }
        #[allow(dead_code)]
        mod param { $crate::modules::table::slots!{ super::input::COUNT, $($par)* } }
        #[allow(dead_code)]
        mod option { $crate::modules::table::slots!{ 0, $($opt)* } }

        const INPUTS: &[$crate::modules::spec::PortSpec] = &[$($crate::modules::spec::PortSpec {
            name: $in_name, doc: $in_doc,
            signal: $crate::modules::spec::Signal::$in_signal,
            width: $crate::modules::table::width!($in_slot),
        }),*];
        const OUTPUTS: &[$crate::modules::spec::PortSpec] = &[$($crate::modules::spec::PortSpec {
            name: $out_name, doc: $out_doc,
            signal: $crate::modules::spec::Signal::$out_signal,
            width: $crate::modules::table::width!($out_slot),
        }),*];
        const PARAMS: &[$crate::modules::spec::ParamSpec] = &[$($crate::modules::spec::ParamSpec {
            name: $par_name, aliases: &[$($($alias),*)?], doc: $par_doc,
            unit: $crate::modules::spec::Unit::$unit,
            min: $min, max: $max, default: $default,
            scale: $crate::modules::spec::Scale::$scale,
        }),*];
        const OPTIONS: &[$crate::modules::spec::OptionSpec] = &[$($crate::modules::spec::OptionSpec {
            name: $opt_name, doc: $opt_doc,
            kind: $crate::modules::spec::OptionKind::$opt_kind $opt_args,
        }),*];
    };
}

/// Consecutive index constants; a pair in parentheses takes two.
macro_rules! slots {
    ($from:expr, $($slot:tt)*) => { $crate::modules::table::slots!{ @ ($from) $($slot)* } };
    (@ ($at:expr)) => { pub const COUNT: usize = $at; };
    (@ ($at:expr) ($left:ident $right:ident) $($rest:tt)*) => {
        pub const $left: usize = $at;
        pub const $right: usize = $left + 1;
        $crate::modules::table::slots!{ @ ($right + 1) $($rest)* }
    };
    (@ ($at:expr) $slot:ident $($rest:tt)*) => {
        pub const $slot: usize = $at;
        $crate::modules::table::slots!{ @ ($slot + 1) $($rest)* }
    };
}

macro_rules! width {
    (($left:ident $right:ident)) => {
        $crate::modules::spec::Width::Stereo
    };
    ($slot:ident) => {
        $crate::modules::spec::Width::Mono
    };
}

pub(crate) use {ports, slots, width};

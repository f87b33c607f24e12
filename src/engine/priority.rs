//! What the system grants an engine thread: realtime scheduling, a better nice value, or nothing.

/// What a thread was given, as told in telemetry and on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// Nothing was asked for yet, or nothing was granted.
    Normal,
    /// SCHED_RR at this priority.
    Realtime(i32),
    /// This nice value.
    Nice(i32),
}

/// Below the sound servers (JACK and PipeWire take 60 to 88), above everything that is not realtime.
#[cfg(target_os = "linux")]
const REALTIME: i32 = 40;
/// What desktops allow where they do not allow realtime.
#[cfg(unix)]
const NICE: i32 = -11;

impl Granted {
    /// As one number: 0 normal, 1..99 realtime priority, negative the nice value.
    pub fn to_number(self) -> i64 {
        match self {
            Self::Normal => 0,
            Self::Realtime(p) | Self::Nice(p) => i64::from(p),
        }
    }

    pub fn from_number(n: i64) -> Self {
        match n {
            0 => Self::Normal,
            1.. => Self::Realtime(n as i32),
            _ => Self::Nice(n as i32),
        }
    }
}

/// Asks for the best scheduling that the system grants the calling thread. Not realtime itself: called once, before the loop.
pub fn raise() -> Granted {
    raise_thread(Children::Ordinary)
}

/// As [`raise`], and every thread that this one starts from now on has it too. For libraries that start audio threads of
/// their own, which wait for one another.
pub fn raise_with_children() -> Granted {
    raise_thread(Children::Alike)
}

/// What the threads and processes get that a raised thread starts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Children {
    Ordinary,
    Alike,
}

fn raise_thread(children: Children) -> Granted {
    #[cfg(target_os = "linux")]
    if set_round_robin(REALTIME, children) {
        return Granted::Realtime(REALTIME);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = children;
    #[cfg(unix)]
    if set_nice(NICE) {
        return Granted::Nice(NICE);
    }
    Granted::Normal
}

/// As [`raise`], for threads that a sound server may have given a priority of its own: that one is left alone.
pub fn raise_if_ordinary() {
    if is_ordinary() {
        raise();
    }
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn is_ordinary() -> bool {
    // SAFETY: a plain system call without pointers.
    unsafe { libc::sched_getscheduler(0) == libc::SCHED_OTHER }
}

/// Elsewhere the systems' own audio threads call, and those are never ordinary.
#[cfg(not(target_os = "linux"))]
fn is_ordinary() -> bool {
    false
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn set_round_robin(priority: i32, children: Children) -> bool {
    let param = libc::sched_param {
        sched_priority: priority,
    };
    let policy = match children {
        Children::Ordinary => libc::SCHED_RR | libc::SCHED_RESET_ON_FORK,
        Children::Alike => libc::SCHED_RR,
    };
    // SAFETY: a plain system call on the calling thread (0) with a pointer to a live struct.
    unsafe { libc::sched_setscheduler(0, policy, &param) == 0 }
}

#[cfg(unix)]
#[allow(unsafe_code)]
fn set_nice(nice: i32) -> bool {
    // On Linux "process" 0 is the calling thread; elsewhere it is the whole process, which must not be raised as a whole.
    if !cfg!(target_os = "linux") {
        return false;
    }
    // SAFETY: a plain system call without pointers.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_granted_is_told_as_one_number() {
        for granted in [Granted::Normal, Granted::Realtime(40), Granted::Nice(-11)] {
            assert_eq!(Granted::from_number(granted.to_number()), granted);
        }
    }
}

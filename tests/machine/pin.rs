//! A thread that stays on one processor.

/// Where the system allows it; a thread that may move hides what one processor does.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub fn stay_on(processor: usize) {
    // SAFETY: an all-zero set is valid, `CPU_SET` ignores numbers beyond it, and the call reads it before it returns.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(processor % libc::CPU_SETSIZE as usize, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set);
    }
}

#[cfg(not(target_os = "linux"))]
pub fn stay_on(_processor: usize) {}

//! Flush-to-zero: a decaying tail must not become a hundred times dearer than sound.

/// Sets flush-to-zero on the calling thread, for its life. Every thread that renders calls it first, offline ones too, so that
/// their output is the same to the bit.
#[allow(unsafe_code)]
pub fn flush_to_zero() {
    // MXCSR with exceptions masked, round to nearest, flush-to-zero (bit 15) and denormals-are-zero (bit 6).
    #[cfg(target_arch = "x86_64")]
    {
        let mxcsr: u32 = 0x9fc0;
        // SAFETY: loads a valid control word; the compiler assumes default rounding, which this keeps, and no code of ours
        // depends on denormal results.
        unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &mxcsr, options(nostack, readonly)) };
    }
    #[cfg(target_arch = "aarch64")]
    {
        let mut fpcr: u64;
        // SAFETY: reads and writes this thread's floating-point control register; bit 24 is flush-to-zero.
        unsafe {
            std::arch::asm!("mrs {}, fpcr", out(reg) fpcr, options(nostack, nomem));
            fpcr |= 1 << 24;
            std::arch::asm!("msr fpcr, {}", in(reg) fpcr, options(nostack, nomem));
        }
    }
}

//! What OSC can send costs neither sound nor memory.

use crate::player::Player;

#[test]
#[cfg(target_os = "linux")]
fn broken_packets_cost_neither_sound_nor_memory() {
    let player = Player::start(&["--audio", "null"]);
    let mut seed = 7u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % below
    };
    let whole = b"/mod/line/gate\0\0,f\0\0\x3f\0\0\0".to_vec();
    let round = |random: &mut dyn FnMut(usize) -> usize| {
        for n in 0..50_000 {
            let mut packet = whole.clone();
            for _ in 0..=random(4) {
                let at = random(packet.len());
                packet[at] = random(256) as u8;
            }
            player.osc.send(&packet).expect("sends");
            if n % 64 == 0 {
                drain(&player);
            }
        }
        for bomb in bombs() {
            player.osc.send(&bomb).expect("sends");
            assert_eq!(player.answer().addr, "/error");
        }
        drain(&player);
        resident_kib(&player)
    };
    let before = round(&mut random);
    let after = round(&mut random);
    assert!(after < before + 4_096, "{before} KiB, then {after} KiB");
    let status = player.status();
    assert_eq!(status["discontinuities"], 0);
    player.ok("/quit", vec![]);
    assert_eq!(player.end().0, Some(0));
}

/// Nested bundles and nested arrays that would overflow the decoder's stack.
#[cfg(target_os = "linux")]
fn bombs() -> [Vec<u8>; 2] {
    let mut bundles = Vec::new();
    for _ in 0..2_200 {
        let mut outer = b"#bundle\0\0\0\0\0\0\0\0\x01".to_vec();
        if !bundles.is_empty() {
            outer.extend((bundles.len() as u32).to_be_bytes());
        }
        outer.extend(&bundles);
        bundles = outer;
    }
    let mut arrays = b"/a\0\0,".to_vec();
    arrays.resize(5 + 32_700, b'[');
    arrays.resize(5 + 65_400, b']');
    arrays.push(0);
    arrays.resize(arrays.len().next_multiple_of(4), 0);
    [bundles, arrays]
}

/// Reads answers up to a ping's.
#[cfg(target_os = "linux")]
fn drain(player: &Player) {
    let mut answer = player.ask("/ping", vec![]);
    while answer.addr != "/pong" {
        answer = player.answer();
    }
}

#[cfg(target_os = "linux")]
fn resident_kib(player: &Player) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", player.child.id())).expect("status");
    let line = status
        .lines()
        .find(|l| l.starts_with("VmRSS:"))
        .expect("VmRSS");
    line.split_whitespace()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .expect("a number")
}

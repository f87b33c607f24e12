//! Looks at a packet before the decoder does. `rosc` recurses without a limit, so that one datagram of nested bundles (44 kB)
//! or nested arrays (65 kB) overflows its thread's stack and ends the process; it also drops malformed bundle tails without
//! a word. What passes here is well formed, shallow and small. Runs on the OSC thread; allocates nothing.

/// Bundles within bundles, and arrays within arrays.
pub const MAX_DEPTH: usize = 8;
/// Messages in one packet: a bundle that fills a datagram with the shortest messages has about twice as many.
pub const MAX_MESSAGES: usize = 2_048;
/// Arguments in one message, those in arrays included.
pub const MAX_ARGS: usize = 256;

const BUNDLE: &[u8] = b"#bundle\0";

/// What is wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the packet ends too early")]
    Short,
    #[error("the packet's length is not a multiple of four")]
    Unaligned,
    #[error("a packet starts with `/` or `#bundle`")]
    Start,
    #[error("the type tags start with a comma")]
    NoTags,
    #[error("unknown type tag `{0}`")]
    Tag(char),
    #[error("text is not UTF-8")]
    Text,
    #[error("brackets of arrays do not match")]
    Brackets,
    #[error("bytes are left over after the arguments")]
    Trailing,
    #[error("bundles or arrays are nested more than {MAX_DEPTH} deep")]
    Deep,
    #[error("more than {MAX_MESSAGES} messages in one packet")]
    Messages,
    #[error("more than {MAX_ARGS} arguments in one message")]
    Args,
}

/// Whether a packet may be decoded.
pub fn check(packet: &[u8]) -> Result<(), Malformed> {
    if !packet.len().is_multiple_of(4) {
        return Err(Malformed::Unaligned);
    }
    let mut messages = 0;
    element(packet, 0, &mut messages)
}

/// The address of the packet's first message where one can be read: errors are answered with it.
pub fn first_address(packet: &[u8]) -> &str {
    let mut at = packet;
    for _ in 0..MAX_DEPTH {
        match at.strip_prefix(BUNDLE) {
            // Time tag, then the size of the first element.
            Some(rest) if rest.len() > 12 => at = &rest[12..],
            _ => break,
        }
    }
    let end = at.iter().position(|b| *b == 0).unwrap_or(at.len());
    match std::str::from_utf8(&at[..end]) {
        Ok(text) if text.starts_with('/') => text,
        _ => "",
    }
}

fn element(bytes: &[u8], depth: usize, messages: &mut usize) -> Result<(), Malformed> {
    match bytes.first() {
        Some(b'/') => {
            *messages += 1;
            if *messages > MAX_MESSAGES {
                return Err(Malformed::Messages);
            }
            message(bytes)
        }
        Some(b'#') => bundle(bytes, depth, messages),
        Some(_) => Err(Malformed::Start),
        None => Err(Malformed::Short),
    }
}

fn bundle(bytes: &[u8], depth: usize, messages: &mut usize) -> Result<(), Malformed> {
    let rest = bytes.strip_prefix(BUNDLE).ok_or(Malformed::Start)?;
    if depth == MAX_DEPTH {
        return Err(Malformed::Deep);
    }
    let mut rest = Reader(rest);
    rest.skip(8)?;
    while !rest.0.is_empty() {
        let size = rest.size()?;
        if size % 4 != 0 {
            return Err(Malformed::Unaligned);
        }
        element(rest.take(size)?, depth + 1, messages)?;
    }
    Ok(())
}

fn message(bytes: &[u8]) -> Result<(), Malformed> {
    let mut rest = Reader(bytes);
    rest.text()?;
    // Very old senders leave the type tags out, and then nothing says what the bytes mean.
    if rest.0.is_empty() {
        return Err(Malformed::NoTags);
    }
    let tags = rest.text()?.strip_prefix(',').ok_or(Malformed::NoTags)?;
    if tags.len() > MAX_ARGS {
        return Err(Malformed::Args);
    }
    let mut depth = 0;
    for tag in tags.chars() {
        match tag {
            'i' | 'f' | 'r' | 'm' | 'c' => rest.skip(4)?,
            'h' | 'd' | 't' => rest.skip(8)?,
            's' => {
                rest.text()?;
            }
            'b' => {
                let size = rest.size()?;
                rest.skip(size.next_multiple_of(4))?;
            }
            'T' | 'F' | 'N' | 'I' => {}
            '[' if depth == MAX_DEPTH => return Err(Malformed::Deep),
            '[' => depth += 1,
            ']' if depth == 0 => return Err(Malformed::Brackets),
            ']' => depth -= 1,
            other => return Err(Malformed::Tag(other)),
        }
    }
    match (depth, rest.0.is_empty()) {
        (0, true) => Ok(()),
        (0, false) => Err(Malformed::Trailing),
        _ => Err(Malformed::Brackets),
    }
}

/// The bytes not yet looked at.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.0.split_at_checked(n).ok_or(Malformed::Short)?;
        self.0 = tail;
        Ok(head)
    }

    fn skip(&mut self, n: usize) -> Result<(), Malformed> {
        self.take(n).map(drop)
    }

    fn size(&mut self) -> Result<usize, Malformed> {
        let word: [u8; 4] = self.take(4)?.try_into().map_err(|_| Malformed::Short)?;
        // Bounded before it is rounded up, so that rounding cannot overflow on a 32-bit machine.
        let size = u32::from_be_bytes(word) as usize;
        if size > self.0.len() {
            return Err(Malformed::Short);
        }
        Ok(size)
    }

    /// Text up to a zero, padded to a multiple of four. Every element starts on such a boundary.
    fn text(&mut self) -> Result<&'a str, Malformed> {
        let end = self
            .0
            .iter()
            .position(|b| *b == 0)
            .ok_or(Malformed::Short)?;
        let bytes = self.take((end + 1).next_multiple_of(4))?;
        std::str::from_utf8(&bytes[..end]).map_err(|_| Malformed::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosc::{OscBundle, OscMessage, OscPacket, OscTime, OscType, encoder};

    fn encoded(packet: &OscPacket) -> Vec<u8> {
        encoder::encode(packet).expect("encodes")
    }

    fn ping(args: Vec<OscType>) -> OscPacket {
        OscPacket::Message(OscMessage {
            addr: "/ping".into(),
            args,
        })
    }

    fn nested(depth: usize) -> OscPacket {
        (0..depth).fold(ping(vec![]), |inner, _| {
            OscPacket::Bundle(OscBundle {
                timetag: OscTime {
                    seconds: 0,
                    fractional: 1,
                },
                content: vec![inner],
            })
        })
    }

    #[test]
    fn what_an_encoder_writes_passes() {
        let args = vec![
            OscType::Int(1),
            OscType::Float(0.5),
            OscType::String("acid".into()),
            OscType::Blob(vec![1, 2, 3, 4, 5]),
            OscType::Bool(true),
            OscType::Double(1.0),
            OscType::Nil,
        ];
        assert_eq!(check(&encoded(&ping(args))), Ok(()));
        for depth in 0..=MAX_DEPTH {
            let packet = encoded(&nested(depth));
            assert_eq!(check(&packet), Ok(()), "depth {depth}");
            assert_eq!(first_address(&packet), "/ping");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert_eq!(
            check(&encoded(&nested(MAX_DEPTH + 1))),
            Err(Malformed::Deep)
        );
        assert_eq!(check(b"/a\0\0,[[[[[[[[[]]]]]]]]]\0"), Err(Malformed::Deep));
        assert_eq!(check(b"/a\0\0,[[[[[[[[]]]]]]]]\0\0\0"), Ok(()));
    }

    #[test]
    fn each_fault_is_named() {
        let table: [(&[u8], Malformed); 11] = [
            (b"", Malformed::Short),
            (b"/a\0", Malformed::Unaligned),
            (b"abc\0", Malformed::Start),
            (b"/a\0\0", Malformed::NoTags),
            (b"/a\0\0i\0\0\0", Malformed::NoTags),
            (b"/a\0\0,i\0\0", Malformed::Short),
            (b"/a\0\0,\0\0\0abcd", Malformed::Trailing),
            (b"/a\0\0,]\0\0", Malformed::Brackets),
            (b"/a\0\0,[\0\0", Malformed::Brackets),
            (b"/a\0\0,?\0\0", Malformed::Tag('?')),
            (b"/a\0\0,s\0\0\xff\xfe\0\0", Malformed::Text),
        ];
        for (packet, why) in table {
            assert_eq!(check(packet), Err(why), "{packet:?}");
        }
        let mut many = b"/a\0\0,".to_vec();
        many.resize(5 + MAX_ARGS + 1, b'T');
        many.resize(many.len().next_multiple_of(4) + 4, 0);
        assert_eq!(check(&many), Err(Malformed::Args));
    }

    #[test]
    fn what_passes_is_decoded_whole() {
        let bundle = OscPacket::Bundle(OscBundle {
            timetag: OscTime {
                seconds: 0,
                fractional: 1,
            },
            content: vec![ping(vec![]), nested(3), ping(vec![OscType::Int(3)])],
        });
        let bytes = encoded(&bundle);
        assert_eq!(check(&bytes), Ok(()));
        let (rest, decoded) = rosc::decoder::decode_udp(&bytes).expect("decodes");
        assert!(rest.is_empty());
        assert_eq!(decoded, bundle);
    }
}

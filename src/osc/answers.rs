//! Sends every answer, in the order of the messages: waits for the supervisor's so that the OSC thread need not. Its own thread.
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rosc::{OscMessage, OscPacket, OscType, encoder};

use crate::control::command::Answer;

/// The supervisor answers a command when it takes it, which is a matter of milliseconds. Without an answer in this time
/// something is broken, and the sender is told that.
const PATIENCE: Duration = Duration::from_secs(5);

/// An answer that is due.
pub struct Due {
    pub to: SocketAddr,
    /// Of the message that is answered.
    pub address: String,
    pub what: What,
}

pub enum What {
    /// `/ok` or `/error`, as the supervisor says.
    Outcome(Receiver<Answer>),
    /// `/status.reply` with what the supervisor says.
    Status(Receiver<Answer>),
    Pong(Vec<OscType>),
    Error(String),
}

/// Sends answers until the other end of the queue is gone.
pub fn run(socket: &UdpSocket, due: &Receiver<Due>) {
    for due in due {
        let message = answer(&due.address, due.what);
        let Ok(bytes) = encoder::encode(&OscPacket::Message(message)) else {
            continue;
        };
        // A sender that is gone, or an answer too long for a datagram, is the sender's loss.
        let _ = socket.send_to(&bytes, due.to);
    }
}

fn answer(address: &str, what: What) -> OscMessage {
    match what {
        What::Outcome(from) => match wait(&from) {
            Ok(_) => message("/ok", vec![address.to_owned().into()]),
            Err(why) => error(address, why),
        },
        What::Status(from) => match wait(&from) {
            Ok(text) => message("/status.reply", vec![text.unwrap_or_default().into()]),
            Err(why) => error(address, why),
        },
        What::Pong(args) => message("/pong", args),
        What::Error(why) => error(address, why),
    }
}

fn wait(from: &Receiver<Answer>) -> Answer {
    match from.recv_timeout(PATIENCE) {
        Ok(answer) => answer,
        Err(RecvTimeoutError::Timeout) => Err("no answer in 5 s".to_owned()),
        Err(RecvTimeoutError::Disconnected) => Err("the program is ending".to_owned()),
    }
}

fn error(address: &str, why: String) -> OscMessage {
    message("/error", vec![address.to_owned().into(), why.into()])
}

fn message(address: &str, args: Vec<OscType>) -> OscMessage {
    OscMessage {
        addr: address.to_owned(),
        args,
    }
}

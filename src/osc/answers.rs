//! Sends every answer, in the order of the messages: waits for the supervisor's so that the OSC thread need not. Its own thread.
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use rosc::{OscMessage, OscPacket, OscType, encoder};

use crate::control::command::Answer;

/// The supervisor answers a command when it takes it, which is a matter of milliseconds. Without an answer in this time
/// something is broken, and the sender is told that.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked whether a message of a bundle with a time tag was carried out.
const GLANCE: Duration = Duration::from_millis(10);

/// An answer that is due.
pub struct Due {
    pub to: SocketAddr,
    /// Of the message that is answered.
    pub address: String,
    /// The message waits for its time tag: others are answered meanwhile.
    pub waits: bool,
    pub what: What,
}

pub enum What {
    /// `/ok` or `/error`, as the supervisor says.
    Outcome(Receiver<Answer>),
    /// What the supervisor says, at this address.
    Text(&'static str, Receiver<Answer>),
    Pong(Vec<OscType>),
    Error(String),
}

/// Sends answers until the other end of the queue is gone.
pub fn run(socket: &UdpSocket, queue: &Receiver<Box<Due>>) {
    let mut waiting = Vec::new();
    loop {
        let next = if waiting.is_empty() {
            queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            queue.recv_timeout(GLANCE)
        };
        match next {
            Ok(due) if due.waits => waiting.push(*due),
            Ok(due) => {
                let due = *due;
                let outcome = due.what.outcome().map(wait);
                send(socket, due, outcome);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        waiting = look_at(waiting, socket);
    }
}

/// Answers what was carried out meanwhile; gives back the rest.
fn look_at(waiting: Vec<Due>, socket: &UdpSocket) -> Vec<Due> {
    let mut still = Vec::new();
    for due in waiting {
        match due.what.outcome().map(Receiver::try_recv) {
            Some(Err(TryRecvError::Empty)) => still.push(due),
            Some(Err(TryRecvError::Disconnected)) => send(socket, due, Some(ending())),
            Some(Ok(answer)) => send(socket, due, Some(answer)),
            None => send(socket, due, None),
        }
    }
    still
}

fn send(socket: &UdpSocket, due: Due, outcome: Option<Answer>) {
    let to = due.to;
    let Ok(bytes) = encoder::encode(&OscPacket::Message(answer(due, outcome))) else {
        return;
    };
    // A sender that is gone, or an answer too long for a datagram, is the sender's loss.
    let _ = socket.send_to(&bytes, to);
}

impl What {
    /// Where the supervisor's part of the answer comes from, if it has one.
    fn outcome(&self) -> Option<&Receiver<Answer>> {
        match self {
            Self::Outcome(from) | Self::Text(_, from) => Some(from),
            Self::Pong(_) | Self::Error(_) => None,
        }
    }
}

fn answer(due: Due, outcome: Option<Answer>) -> OscMessage {
    let address = due.address;
    match (due.what, outcome) {
        (What::Pong(args), _) => message("/pong", args),
        (What::Error(why), _) | (_, Some(Err(why))) => {
            message("/error", vec![address.into(), why.into()])
        }
        (What::Text(reply, _), Some(Ok(text))) => {
            message(reply, vec![text.unwrap_or_default().into()])
        }
        (What::Outcome(_), Some(Ok(Some(more)))) => {
            message("/ok", vec![address.into(), more.into()])
        }
        (What::Outcome(_) | What::Text(..), _) => message("/ok", vec![address.into()]),
    }
}

fn wait(from: &Receiver<Answer>) -> Answer {
    match from.recv_timeout(PATIENCE) {
        Ok(answer) => answer,
        Err(RecvTimeoutError::Timeout) => Err("no answer in 5 s".to_owned()),
        Err(RecvTimeoutError::Disconnected) => ending(),
    }
}

fn ending() -> Answer {
    Err("the program is ending".to_owned())
}

fn message(address: &str, args: Vec<OscType>) -> OscMessage {
    OscMessage {
        addr: address.to_owned(),
        args,
    }
}

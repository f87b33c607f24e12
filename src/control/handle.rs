//! The outside's end of the supervisor: commands in, events, view and meters out. Cloned into every thread that translates
//! (screen, OSC, files); never touched by a realtime thread.
use std::collections::VecDeque;
use std::sync::mpsc::{TrySendError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::command::{Answer, At, Command, Request};
use super::event::{Event, View};
use super::queue::{Receiver, Sender, queue};
use super::reading::Reading;

/// Commands that may wait. Full means the supervisor is far behind: the sender is told "busy".
pub const QUEUE: usize = 8_192;
/// Events that a reader may leave unread before it misses some.
const UNREAD_EVENTS: usize = 4_096;
/// Events kept for a reader that comes later.
const PAST_EVENTS: usize = 256;

/// What reaches the supervisor; every kind wakes it.
pub enum Message {
    /// With when it was sent.
    Request(Request, Instant),
    /// Something to look at in another queue: a build finished, the device changed.
    Wake,
}

/// The command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsent {
    #[error("busy: too many commands are waiting")]
    Busy,
    #[error("the program is ending")]
    Ended,
}

/// Where meters come from: the engines' and the callback's counters, or a script in tests.
pub trait Meters: Send + Sync {
    fn read(&self) -> Reading;
    /// Appends the newest frames sent to the device, oldest first, and returns how many were missed since the last call.
    /// There is one reader: two would share the frames between them.
    fn scope(&self, into: &mut Vec<[f32; 2]>) -> u64;
    /// Appends the newest frames of the slot that is not heard, while it is cued.
    fn cue(&self, _into: &mut Vec<[f32; 2]>) {}
}

/// A clonable way to talk to the supervisor.
#[derive(Clone)]
pub struct Handle {
    inbox: Sender<Message>,
    board: Arc<Board>,
    meters: Arc<dyn Meters>,
}

/// What the supervisor publishes.
pub struct Board {
    view: Mutex<Arc<View>>,
    readers: Mutex<Readers>,
}

#[derive(Default)]
struct Readers {
    queues: Vec<Sender<Event>>,
    past: VecDeque<Event>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked while it held one of these left whole values behind: they are only ever replaced.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Board {
    pub fn new(view: View) -> Arc<Self> {
        Arc::new(Self {
            view: Mutex::new(Arc::new(view)),
            readers: Mutex::default(),
        })
    }

    pub fn publish(&self, view: View) {
        *lock(&self.view) = Arc::new(view);
    }

    /// Hands the event to every reader that is still there. A reader with a full queue misses it.
    pub fn tell(&self, event: &Event) {
        let mut readers = lock(&self.readers);
        readers.queues.retain(|reader| {
            !matches!(
                reader.try_send(event.clone()),
                Err(TrySendError::Disconnected(_))
            )
        });
        if readers.past.len() == PAST_EVENTS {
            readers.past.pop_front();
        }
        readers.past.push_back(event.clone());
    }
}

impl Handle {
    /// A handle and the queue that the supervisor reads.
    pub fn new(board: Arc<Board>, meters: Arc<dyn Meters>) -> (Self, Receiver<Message>) {
        let (inbox, messages) = queue(QUEUE);
        let handle = Self {
            inbox,
            board,
            meters,
        };
        (handle, messages)
    }

    /// Hands a request over without waiting.
    pub fn send(&self, request: Request) -> Result<(), Unsent> {
        self.post(Message::Request(request, Instant::now()))
    }

    /// A command to take effect soon, without an answer.
    pub fn command(&self, command: Command) -> Result<(), Unsent> {
        self.send(Request {
            command,
            at: At::Soon,
            answer: None,
        })
    }

    /// A command and its answer; waits up to `patience` for it.
    pub fn ask(&self, command: Command, patience: Duration) -> Answer {
        let (answer, answered) = channel();
        self.send(Request {
            command,
            at: At::Soon,
            answer: Some(answer),
        })
        .map_err(|e| e.to_string())?;
        answered
            .recv_timeout(patience)
            .unwrap_or_else(|_| Err(format!("no answer within {} ms", patience.as_millis())))
    }

    /// Makes the supervisor look at its queues. A full inbox wakes it just as well.
    pub fn wake(&self) {
        let _ = self.inbox.try_send(Message::Wake);
    }

    /// Events from now on.
    pub fn subscribe(&self) -> Receiver<Event> {
        let (reader, events) = queue(UNREAD_EVENTS);
        lock(&self.board.readers).queues.push(reader);
        events
    }

    /// The latest events so far, and those from now on.
    pub fn subscribe_with_past(&self) -> Receiver<Event> {
        let (reader, events) = queue(UNREAD_EVENTS);
        let mut readers = lock(&self.board.readers);
        for event in &readers.past {
            // Room for all of them: the queue is empty and longer.
            let _ = reader.try_send(event.clone());
        }
        readers.queues.push(reader);
        events
    }

    /// How things stand.
    pub fn view(&self) -> Arc<View> {
        lock(&self.board.view).clone()
    }

    /// All meters and counters now.
    pub fn reading(&self) -> Reading {
        self.meters.read()
    }

    /// Appends the newest frames sent to the device, oldest first; returns how many were missed. For one reader.
    pub fn scope(&self, into: &mut Vec<[f32; 2]>) -> u64 {
        self.meters.scope(into)
    }

    /// The same of the slot that is not heard, while it is cued.
    pub fn cue(&self, into: &mut Vec<[f32; 2]>) {
        self.meters.cue(into);
    }

    fn post(&self, message: Message) -> Result<(), Unsent> {
        self.inbox.try_send(message).map_err(|e| match e {
            TrySendError::Full(_) => Unsent::Busy,
            TrySendError::Disconnected(_) => Unsent::Ended,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Still;
    impl Meters for Still {
        fn read(&self) -> Reading {
            Reading::default()
        }
        fn scope(&self, _: &mut Vec<[f32; 2]>) -> u64 {
            0
        }
    }

    #[test]
    fn a_full_queue_says_busy_and_an_ended_one_says_so() {
        let (handle, queue) = Handle::new(Board::new(View::default()), Arc::new(Still));
        for _ in 0..QUEUE {
            assert_eq!(handle.command(Command::Play), Ok(()));
        }
        assert_eq!(handle.command(Command::Play), Err(Unsent::Busy));
        drop(queue);
        assert_eq!(handle.command(Command::Play), Err(Unsent::Ended));
    }

    #[test]
    fn every_subscriber_gets_every_event_and_the_view_is_the_newest() {
        let board = Board::new(View::default());
        let (handle, _queue) = Handle::new(board.clone(), Arc::new(Still));
        let (one, two) = (handle.subscribe(), handle.clone().subscribe());
        drop(handle.subscribe());
        board.tell(&Event::default());
        assert_eq!(one.try_iter().count(), 1);
        assert_eq!(two.try_iter().count(), 1);
        assert_eq!(lock(&board.readers).queues.len(), 2);
        assert_eq!(handle.subscribe_with_past().try_iter().count(), 1);
        board.publish(View {
            fade_ms: 7.0,
            ..View::default()
        });
        assert_eq!(handle.view().fade_ms, 7.0);
    }
}

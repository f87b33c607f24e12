//! The OSC socket: binds it, and runs the two threads that read messages and send answers.
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use rosc::OscMessage;

use crate::control::command::{Answer, At, Command, Request};
use crate::control::handle::{Handle, Unsent};

use super::addresses::{Call, Effect, Folders, Found, Reach, find};
use super::answers::{self, Due, What};
use super::{args, messages, scan};

/// The largest UDP payload.
const MAX_DATAGRAM: usize = 65_507;
/// Answers that may be due: more than the supervisor's own queue holds, so that a sender meets "busy" there first. Full means
/// that the reader waits, and the socket's buffer takes over.
const MAX_DUE: usize = 16_384;
/// What the system is asked to keep while the reader is busy; it may give less.
const SOCKET_BUFFER: usize = 4 << 20;
/// How long the reader sleeps before it looks whether it should end.
const NAP: Duration = Duration::from_millis(50);

/// Where messages go: the supervisor, or a script in tests.
pub trait Inbox: Send + 'static {
    fn send(&self, request: Request) -> Result<(), Unsent>;
}

impl Inbox for Handle {
    fn send(&self, request: Request) -> Result<(), Unsent> {
        Handle::send(self, request)
    }
}

/// A running OSC server; ends when dropped.
pub struct Server {
    address: SocketAddr,
    running: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Binds the socket and starts. Where it is bound beyond loopback, files are only read below `folders.patches`, and
    /// written into `folders.recordings`.
    pub fn start(bind: SocketAddr, folders: Folders, inbox: impl Inbox) -> io::Result<Self> {
        let socket = UdpSocket::bind(bind)?;
        enlarge_buffer(&socket);
        socket.set_read_timeout(Some(NAP))?;
        let address = socket.local_addr()?;
        let reach = if address.ip().is_loopback() {
            Reach::Machine
        } else {
            Reach::Network(folders)
        };
        let running = Arc::new(AtomicBool::new(true));
        let (due, queue) = sync_channel(MAX_DUE);
        let sender = socket.try_clone()?;
        let reader = Reader { inbox, reach, due };
        let going = running.clone();
        let threads = vec![
            thread::Builder::new()
                .name("osc answers".into())
                .spawn(move || answers::run(&sender, &queue))?,
            thread::Builder::new()
                .name("osc".into())
                .spawn(move || reader.run(&socket, &going))?,
        ];
        Ok(Self {
            address,
            running,
            threads,
        })
    }

    /// Where it is bound: with the port that was picked where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.store(false, Ordering::Relaxed);
        // The reader's end closes the queue of answers. Answers for which the supervisor is still wanted are not waited for.
        if let Some(reader) = self.threads.pop() {
            let _ = reader.join();
        }
    }
}

/// The OSC thread.
struct Reader<I> {
    inbox: I,
    reach: Reach,
    due: SyncSender<Box<Due>>,
}

impl<I: Inbox> Reader<I> {
    fn run(self, socket: &UdpSocket, running: &AtomicBool) {
        let mut packet = vec![0; MAX_DATAGRAM];
        while running.load(Ordering::Relaxed) {
            match socket.recv_from(&mut packet) {
                Ok((size, from)) => {
                    let read = || self.packet(&packet[..size], from);
                    // A fault of ours costs its sender one answer, not everybody the socket.
                    let _ = catch_unwind(AssertUnwindSafe(read));
                }
                // A reply that could not be delivered comes back as an error of the next read.
                Err(e) if is_passing(e.kind()) => {}
                Err(_) => thread::sleep(NAP),
            }
        }
    }

    fn packet(&self, packet: &[u8], from: SocketAddr) {
        match messages::read(packet, SystemTime::now()) {
            Ok(messages) => {
                for timed in messages {
                    let waits = matches!(timed.at, Ok(At::Time(_)));
                    if let Some(what) = self.message(&timed.message, timed.at) {
                        self.answer(from, timed.message.addr, waits, what);
                    }
                }
            }
            Err(why) => {
                let address = scan::first_address(packet);
                if !matches!(find(address), Found::Answer) {
                    self.answer(from, address.to_owned(), false, What::Error(why));
                }
            }
        }
    }

    /// Carries a message out; returns the answer that is due, if any.
    fn message(&self, message: &OscMessage, at: Result<At, String>) -> Option<What> {
        let (entry, parts) = match find(&message.addr) {
            Found::Answer => return None,
            Found::Unknown(why) => return Some(What::Error(why)),
            Found::Entry(entry, parts) => (entry, parts),
        };
        let effect = args::read(entry.args, &message.args).and_then(|values| {
            (entry.effect)(&Call {
                parts,
                values,
                reach: &self.reach,
            })
        });
        Some(match (effect, at) {
            (Ok(Effect::Pong), _) => What::Pong(message.args.clone()),
            (Err(why), _) | (_, Err(why)) => What::Error(why),
            (Ok(Effect::Ask(command, reply)), Ok(at)) => {
                self.command(command, at, |answer| What::Text(reply, answer))
            }
            (Ok(Effect::Do(command)), Ok(at)) => self.command(command, at, What::Outcome),
        })
    }

    fn command(
        &self,
        command: Command,
        at: At,
        due: impl FnOnce(std::sync::mpsc::Receiver<Answer>) -> What,
    ) -> What {
        let (answer, answered): (Sender<Answer>, _) = channel();
        let request = Request {
            command,
            at,
            answer: Some(answer),
        };
        match self.inbox.send(request) {
            Ok(()) => due(answered),
            Err(unsent) => What::Error(unsent.to_string()),
        }
    }

    fn answer(&self, to: SocketAddr, address: String, waits: bool, what: What) {
        // Fails only when the answering thread is gone: then nothing can be answered any more.
        let _ = self.due.send(Box::new(Due {
            to,
            address,
            waits,
            what,
        }));
    }
}

fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock
            | ErrorKind::TimedOut
            | ErrorKind::Interrupted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
    )
}

#[cfg(unix)]
#[allow(unsafe_code)]
fn enlarge_buffer(socket: &UdpSocket) {
    use std::os::fd::AsRawFd;
    let size = SOCKET_BUFFER as libc::c_int;
    // SAFETY: the descriptor is the socket's own and open; the option's value is a C int that outlives the call. A refusal
    // leaves the system's default, which is a smaller buffer and nothing worse.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVBUF,
            (&raw const size).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        );
    }
}

#[cfg(not(unix))]
fn enlarge_buffer(_: &UdpSocket) {}

//! A bounded queue that takes memory as it fills; the standard library's takes all of it at once. For threads that may allocate.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvError, RecvTimeoutError, TryRecvError, TrySendError};
use std::time::Duration;

/// A queue of at most so many items. Full: the item comes back to its sender.
pub fn queue<T>(most: usize) -> (Sender<T>, Receiver<T>) {
    let (to, from) = mpsc::channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let sender = Sender {
        to,
        most,
        waiting: waiting.clone(),
    };
    (sender, Receiver { from, waiting })
}

pub struct Sender<T> {
    to: mpsc::Sender<T>,
    most: usize,
    /// Items, and places taken for items on their way in. It only bounds: the channel itself orders what is in them.
    waiting: Arc<AtomicUsize>,
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self {
            to: self.to.clone(),
            most: self.most,
            waiting: self.waiting.clone(),
        }
    }
}

impl<T> Sender<T> {
    /// Never waits.
    pub fn try_send(&self, item: T) -> Result<(), TrySendError<T>> {
        if self.waiting.fetch_add(1, Relaxed) >= self.most {
            self.waiting.fetch_sub(1, Relaxed);
            return Err(TrySendError::Full(item));
        }
        self.to.send(item).map_err(|back| {
            self.waiting.fetch_sub(1, Relaxed);
            TrySendError::Disconnected(back.0)
        })
    }
}

pub struct Receiver<T> {
    from: mpsc::Receiver<T>,
    waiting: Arc<AtomicUsize>,
}

impl<T> Receiver<T> {
    pub fn recv(&self) -> Result<T, RecvError> {
        self.from.recv().inspect(|_| self.taken())
    }

    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.from.try_recv().inspect(|_| self.taken())
    }

    pub fn recv_timeout(&self, patience: Duration) -> Result<T, RecvTimeoutError> {
        self.from.recv_timeout(patience).inspect(|_| self.taken())
    }

    /// What is there now.
    pub fn try_iter(&self) -> impl Iterator<Item = T> {
        std::iter::from_fn(|| self.try_recv().ok())
    }

    /// Everything until all senders are gone; waits.
    pub fn iter(&self) -> impl Iterator<Item = T> {
        std::iter::from_fn(|| self.recv().ok())
    }

    fn taken(&self) {
        self.waiting.fetch_sub(1, Relaxed);
    }
}

impl<T> Drop for Receiver<T> {
    /// Senders find nobody here, rather than a queue that stays full.
    fn drop(&mut self) {
        self.waiting.store(0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_so_many_and_no_more_in_order() {
        let (sender, receiver) = queue(3);
        for round in 0..5 {
            for n in 0..3 {
                assert_eq!(sender.try_send(round * 3 + n), Ok(()));
            }
            assert_eq!(sender.try_send(99), Err(TrySendError::Full(99)));
            let came: Vec<i32> = receiver.try_iter().collect();
            assert_eq!(came, (round * 3..round * 3 + 3).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_full_queue_without_a_reader_is_known_to_have_none() {
        let (sender, receiver) = queue(2);
        assert_eq!((sender.try_send(1), sender.try_send(2)), (Ok(()), Ok(())));
        drop(receiver);
        assert_eq!(sender.try_send(3), Err(TrySendError::Disconnected(3)));
        assert_eq!(sender.try_send(4), Err(TrySendError::Disconnected(4)));
    }

    #[test]
    fn several_senders_never_get_in_more_than_fit() {
        let (sender, receiver) = queue(64);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let sender = sender.clone();
                scope.spawn(move || {
                    let mut sent = 0;
                    while sent < 1_000 {
                        match sender.try_send(sent) {
                            Ok(()) => sent += 1,
                            Err(_) => std::thread::yield_now(),
                        }
                    }
                });
            }
            let mut came = 0;
            while came < 4_000 {
                let now = receiver.try_iter().take(65).count();
                came += now;
            }
            assert!(receiver.try_recv().is_err());
        });
    }
}

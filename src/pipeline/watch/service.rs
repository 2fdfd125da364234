//! Runs a watch as a service: brings it what sources yield, the time, and what signals ask for.

use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::{Receiver, Sender, channel},
    time::{MissedTickBehavior, interval},
};

use super::{Clocks, Closing, Message, Status, Watch};
use crate::{
    error::{Error, Result},
    input::live::LiveSources,
    privacy::Regions,
    time::Timestamp,
};

/// Batches that wait for the watch. Sources wait when there are so many.
const WAITING: usize = 16;

/// Time between ticks.
const TICK: Duration = Duration::from_millis(200);

/// Opens the sources and runs a watch over what they yield until they end or SIGTERM or SIGINT comes; SIGHUP
/// has region databases read anew. `beside` runs beside it, from when it begins, and is dropped with it;
/// `tick` is called again and again while it works, `tell` for each period that is closed.
///
/// # Errors
///
/// Those of `sources` and of [`Watch::run`]; [`Error::Setting`] if the system grants no threads or signals.
pub fn serve<B: Future<Output = Result<()>>>(
    watch: Watch,
    sources: impl FnOnce() -> Result<LiveSources>,
    regions: impl Fn() -> Result<Regions>,
    beside: B,
    tick: impl Fn(),
    tell: impl FnMut(Closing) + Send + 'static,
) -> Result<()> {
    let runtime = runtime()?;
    let (sender, receiver) = channel(WAITING);
    let status = watch.status();
    let working = thread::Builder::new()
        .name("watch".to_owned())
        .spawn(move || watch.run(messages(receiver), tell))
        .map_err(|error| refused(&error))?;
    let told = runtime.block_on(async {
        let mut sources = sources()?;
        let forwarding = async {
            while let Some(event) = sources.next().await {
                if sender.send(Message::Event(event)).await.is_err() {
                    break;
                }
            }
            Message::End
        };
        let beside = async {
            match beside.await {
                Err(error) => Err(error),
                Ok(()) => std::future::pending().await,
            }
        };
        let last = tokio::select! {
            message = forwarding => Ok(message),
            signal = signals(&sender, &regions) => signal,
            () = ticks(&sender, &status, &tick) => Ok(Message::Stop),
            failed = beside => failed,
        };
        let (message, told) = match last {
            Ok(message) => (message, Ok(())),
            Err(error) => (Message::Stop, Err(error)),
        };
        // If the watch has ended by itself, it tells why.
        let _ = sender.send(message).await;
        drop(sender);
        told
    });
    let ended = working
        .join()
        .unwrap_or_else(|_| Err(Error::Setting("the watch was ended by a defect".to_owned())));
    ended.and(told)
}

/// What the watch hears, with what the clocks show then.
fn messages(mut receiver: Receiver<Message>) -> impl FnMut() -> (Message, Clocks) {
    let began = Instant::now();
    move || {
        let message = receiver.blocking_recv().unwrap_or(Message::Stop);
        let steady = i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX);
        let wall = Timestamp(jiff::Timestamp::now().as_microsecond());
        (message, Clocks { wall, steady })
    }
}

/// Tells that time goes by, until nobody hears it.
async fn ticks(sender: &Sender<Message>, status: &Arc<Status>, tick: &impl Fn()) {
    let mut interval = interval(TICK);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !sender.is_closed() {
        interval.tick().await;
        // A watch with messages waiting knows without.
        let _ = sender.try_send(Message::Tick);
        let numbers = status.numbers();
        let now = jiff::Timestamp::now().as_microsecond();
        let silent = numbers.heard.map_or(0, |heard| now - heard.0);
        if numbers.releasing || silent < 10 * Timestamp::MICROSECONDS {
            tick();
        }
    }
}

/// Does what signals ask for; the message of the one that ends the watch.
async fn signals(
    sender: &Sender<Message>,
    regions: &impl Fn() -> Result<Regions>,
) -> Result<Message> {
    let listen = |kind| signal(kind).map_err(|error| refused(&error));
    let [mut terminate, mut interrupt, mut reload]: [Signal; 3] = [
        listen(SignalKind::terminate())?,
        listen(SignalKind::interrupt())?,
        listen(SignalKind::hangup())?,
    ];
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(Message::Stop),
            _ = interrupt.recv() => return Ok(Message::Stop),
            _ = reload.recv() => match regions() {
                Ok(regions) => drop(sender.send(Message::Regions(Box::new(regions))).await),
                Err(error) => tracing::error!("region databases stay as they are: {error}"),
            },
        }
    }
}

fn runtime() -> Result<Runtime> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.map_err(|error| refused(&error))
}

fn refused(error: &io::Error) -> Error {
    Error::Setting(format!(
        "the system does not grant what a watch needs: {error}"
    ))
}

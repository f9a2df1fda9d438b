//! How long those who wait have to wait yet, and when those who are refused may come back.

use std::sync::Arc;
use std::time::Duration;

use super::{Line, Lines};
use crate::pool::Pool;
use crate::pool::ask::Wish;
use crate::pool::worker::Worker;

/// The least that anybody is told to wait.
pub(super) const A_MOMENT: Duration = Duration::from_secs(1);

/// How long requests for a model keep their places, on average, those of late counting most.
#[derive(Default)]
pub(super) struct ServiceTime {
    mean: Duration,
    measured: u32,
}

/// Of so many latest requests, roughly.
const REMEMBERED: u32 = 32;
/// Fewer tell nothing.
pub(super) const ENOUGH: u32 = 4;

impl ServiceTime {
    pub(super) fn took(&mut self, time: Duration) {
        self.measured = (self.measured + 1).min(REMEMBERED);
        self.mean = (self.mean * (self.measured - 1) + time) / self.measured;
    }

    fn known(&self) -> Option<Duration> {
        (self.measured >= ENOUGH).then_some(self.mean)
    }
}

impl Pool {
    /// How long it takes until so many who wait for `model` have had their places, as far as can be told.
    pub(in crate::pool) fn until_served(
        &self,
        model: &Arc<str>,
        waiting: usize,
    ) -> Option<Duration> {
        let mut lines = self.lines();
        self.estimate(lines.line(model), model, waiting)
    }

    /// How long it will be on average until the one whose `turn` it is is served, as far as can be told.
    pub(super) fn estimate(&self, line: &Line, model: &str, turn: usize) -> Option<Duration> {
        let all = line.pace.known()?.saturating_mul(number(turn));
        Some(all / number(self.places(model).max(1)))
    }

    /// When one who is refused, since it may wait for no longer than `allowed`, would be served in that time if it came back,
    /// as long as nobody else comes. That is told for the worst: all that run may have begun just now. It has `waited` already.
    pub(super) fn outlook(
        &self,
        lines: &mut Lines,
        wish: &Wish,
        allowed: Duration,
        waited: Duration,
    ) -> Duration {
        let places = self.places(&wish.model);
        let served = lines.line(&wish.model).pace.known().map(|time| {
            let (others, slowest) = self.rivals(lines, &wish.model);
            let (queue, time) = (&lines.line(&wish.model).queue, time.max(slowest));
            let rounds = allowed.as_millis() / time.as_millis().max(1);
            let in_time =
                usize::try_from(rounds).map_or(usize::MAX, |it| it.saturating_mul(places));
            // Models take turns at the workers that they share.
            let with_others =
                |turns: usize| turns + others.iter().map(|count| turns.min(*count)).sum::<usize>();
            // It keeps no place while it is away. Who comes back finds no more before it than one of each who waits,
            // once its own are served; where even that is too much, all queues must have ended.
            let before = match with_others(queue.furthest(&wish.owner)) <= in_time {
                true => with_others(queue.position(&wish.owner)),
                false => queue.len() + 1 + others.iter().sum::<usize>(),
            };
            time.saturating_mul(number(before.div_ceil(places.max(1))))
        });
        // Where nothing is known yet, what was waited in vain is the only measure.
        let served = served.unwrap_or(waited);
        let opens = Some(self.opens_in(wish)).filter(|time| places == 0 && *time < Duration::MAX);
        served.max(opens.unwrap_or_default()).max(A_MOMENT)
    }

    /// How many wait for each other model that a worker of `model` serves too, and how long the slowest of those take.
    fn rivals(&self, lines: &Lines, model: &str) -> (Vec<usize>, Duration) {
        let serving = self.serving(model);
        let others = lines.lines.iter().filter(|(other, line)| {
            let shares = |worker: &Arc<Worker>| worker.serves(other);
            ***other != *model && line.queue.len() > 0 && serving.iter().any(shares)
        });
        let (lengths, times): (Vec<_>, Vec<_>) = others
            .map(|(_, line)| (line.queue.len(), line.pace.known().unwrap_or_default()))
            .unzip();
        (lengths, times.into_iter().max().unwrap_or_default())
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

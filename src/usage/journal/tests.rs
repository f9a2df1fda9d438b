use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::super::{BillingBasis, Phases};
use super::*;

pub(crate) fn record(request_id: &str) -> Record {
    Record {
        request_id: request_id.into(),
        account_id: "acct_1".into(),
        key_id: Some("key_1".into()),
        endpoint: "/v1/chat/completions".into(),
        model: Some("m".into()),
        worker: Some("w".into()),
        status: 200,
        error_code: None,
        prompt_tokens: 3,
        completion_tokens: 4,
        streamed: true,
        first_token_ms: Some(5),
        duration_ms: 6,
        finish_reason: Some("stop".into()),
        replayed: false,
        retry_count: 0,
        billing_basis: BillingBasis::WorkerUsage,
        started_ms: 7,
        client_request_id: None,
        phases: Phases::default(),
        worker_tries: 1,
        limited: None,
    }
}

#[test]
fn what_is_sealed_is_what_was_appended() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), Fsync::Grouped).unwrap();
    journal.append(&record("req_1")).unwrap();
    journal.append(&record("req_2")).unwrap();
    let sealed = journal.seal().unwrap();
    assert_eq!(sealed.len(), 1);
    let read = lines::read(&sealed[0]).unwrap();
    assert_eq!(read.ended, [record("req_1"), record("req_2")]);
    assert_eq!(
        journal.seal().unwrap().len(),
        1,
        "an empty file is not sealed"
    );
    let backlog = journal.backlog().unwrap();
    assert_eq!(backlog.bytes, fs::metadata(&sealed[0]).unwrap().len());
    journal.append(&record("req_3")).unwrap();
    assert!(journal.backlog().unwrap().bytes > backlog.bytes);
    let all = journal.seal().unwrap();
    all.iter().for_each(|path| fs::remove_file(path).unwrap());
    assert_eq!(journal.backlog().unwrap(), Backlog::default());
    journal.begin(&record("req_4")).unwrap();
    assert_eq!(journal.backlog().unwrap(), Backlog::default());
}

#[test]
fn what_has_begun_is_carried_along_until_it_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), Fsync::Grouped).unwrap();
    for request in ["req_1", "req_2"] {
        journal.begin(&record(request)).unwrap();
    }
    assert!(journal.seal().unwrap().is_empty(), "nothing has ended");
    journal.append(&record("req_1")).unwrap();
    let first = lines::read(&journal.seal().unwrap()[0]).unwrap();
    assert_eq!(first.ended, [record("req_1")]);
    assert_eq!(first.begun, [record("req_1"), record("req_2")]);

    journal.append(&record("req_3")).unwrap();
    let second = lines::read(&journal.seal().unwrap()[1]).unwrap();
    assert_eq!(second.begun, [record("req_2")]);
    journal.append(&record("req_2")).unwrap();
    journal.append(&record("req_4")).unwrap();
    journal.seal().unwrap();
    journal.append(&record("req_5")).unwrap();
    let last = journal.seal().unwrap().pop().unwrap();
    assert!(lines::read(&last).unwrap().begun.is_empty());
    assert!(!journal.is_left_behind(&last));
    drop(journal);
    let next = Journal::open(dir.path(), Fsync::Grouped).unwrap();
    assert!(next.is_left_behind(&last));
}

#[test]
fn a_second_process_is_kept_out_and_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let first = Journal::open(dir.path(), Fsync::Grouped).unwrap();
    assert!(matches!(
        Journal::open(dir.path(), Fsync::Grouped),
        Err(JournalError::InUse(_))
    ));
    drop(first);
    assert!(Journal::open(dir.path(), Fsync::Grouped).is_ok());
}

/// A disk that fails when it is told to.
#[derive(Debug, Default)]
struct Faulty {
    /// After how many bytes each of the next writes fails.
    cuts: Mutex<VecDeque<usize>>,
    /// How many more times it keeps nothing.
    unkept: AtomicUsize,
}

impl Faulty {
    fn cuts_off(&self, at: &[usize]) {
        self.cuts.lock().unwrap().extend(at);
    }
}

impl Disk for Faulty {
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<()> {
        match self.cuts.lock().unwrap().pop_front() {
            None => Real.write(file, bytes),
            Some(at) => {
                Real.write(file, &bytes[..at])?;
                Err(io::ErrorKind::StorageFull.into())
            }
        }
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        let fewer = |left: usize| left.checked_sub(1);
        let order = Ordering::Relaxed;
        match self.unkept.fetch_update(order, order, fewer) {
            Ok(_) => Err(io::ErrorKind::StorageFull.into()),
            Err(_) => Real.sync(file),
        }
    }
}

fn on_faulty(fsync: Fsync) -> (TempDir, Arc<Faulty>, Arc<Journal>) {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(Faulty::default());
    let journal = Journal::on(disk.clone(), dir.path(), fsync).unwrap();
    (dir, disk, Arc::new(journal))
}

/// The requests that have ended, by what is sealed; and those that have begun, by the last file of it.
fn sealed(journal: &Journal) -> (Vec<String>, Vec<String>) {
    let files = journal.seal().unwrap();
    let read = files.iter().map(|path| lines::read(path).unwrap());
    let ids = |records: &[Record]| -> Vec<_> {
        let each = records.iter();
        each.map(|record| record.request_id.clone()).collect()
    };
    let (mut ended, mut begun) = (vec![], vec![]);
    for lines in read {
        ended.extend(ids(&lines.ended));
        begun = ids(&lines.begun);
    }
    begun.sort();
    (ended, begun)
}

#[test]
fn a_line_that_was_cut_off_is_written_again_in_a_new_file() {
    let (_dir, disk, journal) = on_faulty(Fsync::Grouped);
    journal.begin(&record("req_1")).unwrap();
    journal.append(&record("req_2")).unwrap();
    disk.cuts_off(&[20]);
    journal.append(&record("req_1")).unwrap();
    disk.cuts_off(&[20]);
    journal.begin(&record("req_3")).unwrap();
    journal.append(&record("req_4")).unwrap();
    let (ended, begun) = sealed(&journal);
    assert_eq!(ended, ["req_2", "req_1", "req_4"]);
    assert_eq!(begun, ["req_3"]);
}

#[test]
fn while_no_new_file_can_be_written_nothing_is_written_behind_a_torn_line() {
    let (_dir, disk, journal) = on_faulty(Fsync::Grouped);
    journal.append(&record("req_1")).unwrap();
    for request in ["req_2", "req_3"] {
        journal.begin(&record(request)).unwrap();
    }
    // The line, then what is carried into a new file; and that again, with the line still torn.
    disk.cuts_off(&[20, 30]);
    journal.append(&record("req_2")).unwrap_err();
    disk.cuts_off(&[0]);
    journal.append(&record("req_4")).unwrap_err();
    journal.append(&record("req_6")).unwrap();
    let (ended, begun) = sealed(&journal);
    assert_eq!(ended, ["req_1", "req_6"]);
    // Whose end could not be written is at least known to have begun.
    assert_eq!(begun, ["req_2", "req_3"]);
}

#[test]
fn a_file_that_is_in_the_way_is_passed_by() {
    let (dir, _disk, journal) = on_faulty(Fsync::Grouped);
    journal.append(&record("req_1")).unwrap();
    fs::write(dir.path().join(name_of(2)), []).unwrap();
    journal.seal().unwrap_err();
    journal.append(&record("req_2")).unwrap();
    assert_eq!(sealed(&journal).0, ["req_1", "req_2"]);
}

#[tokio::test]
async fn always_means_that_the_disk_has_it() {
    let (_dir, _disk, journal) = on_faulty(Fsync::Always);
    journal.append(&record("req_1")).unwrap();
    journal.durable().await.unwrap();
    assert_eq!(*journal.syncing.kept.borrow(), 1);
}

#[tokio::test]
async fn who_waits_is_told_that_the_disk_does_not_keep_it() {
    let (_dir, disk, journal) = on_faulty(Fsync::Always);
    disk.unkept.store(1, Ordering::Relaxed);
    journal.append(&record("req_1")).unwrap();
    in_time(journal.durable()).await.unwrap_err();
    in_time(journal.durable()).await.unwrap();
}

#[tokio::test]
async fn the_disk_is_asked_again_though_nothing_more_is_appended() {
    for fsync in [Fsync::Grouped, Fsync::Always] {
        let (_dir, disk, journal) = on_faulty(fsync);
        disk.unkept.store(3, Ordering::Relaxed);
        let mut kept = journal.syncing.kept.subscribe();
        let stopping = CancellationToken::new();
        journal.append(&record("req_1")).unwrap();
        tokio::select! {
            () = sync_in_groups(journal.clone(), stopping) => panic!("it was not told to stop"),
            all = in_time(kept.wait_for(|kept| *kept == 1)) => drop(all.unwrap()),
        }
    }
}

#[tokio::test]
async fn what_ends_after_the_service_was_told_to_stop_waits_for_nobody_who_has_ended() {
    let (_dir, _disk, journal) = on_faulty(Fsync::Always);
    let stopping = CancellationToken::new();
    stopping.cancel();
    in_time(sync_in_groups(journal.clone(), stopping)).await;
    journal.append(&record("req_1")).unwrap();
    in_time(journal.durable()).await.unwrap();
}

async fn in_time<T>(done: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), done).await.unwrap()
}

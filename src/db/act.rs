//! Acts: what is done together or not at all, its record included.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::{
    Any, AnyConnection, AnyPool, Describe, Either, Error, Execute, Executor, SqlStr, Transaction,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Where statements run: each for itself on a connection of the pool, or all of them in the transaction of one [`Act`].
/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pool: AnyPool,
    act: Option<Arc<Mutex<Progress>>>,
}

/// Something that is done as a whole: dropped, all of it is as it was before. It begins with its first statement. From then
/// on nobody else writes to SQLite: nothing slow belongs in it, and nothing that waits for another connection.
#[must_use = "what is not committed is not done"]
pub struct Act(Db);

/// How far an act has come.
struct Progress {
    stage: Stage,
    follows: Vec<BoxFuture<'static, ()>>,
}

enum Stage {
    Ahead,
    Begun(Transaction<'static, Any>),
    /// It is committed, or a part of it has failed.
    Over,
}

/// Statements that hold only together: a transaction of their own, or a part of an act, which ends with them if they are not
/// committed.
#[must_use = "what is not committed is not done"]
pub struct Part {
    transaction: Transaction<'static, Any>,
    act: Option<OwnedMutexGuard<Progress>>,
}

impl From<AnyPool> for Db {
    fn from(pool: AnyPool) -> Self {
        Db { pool, act: None }
    }
}

impl Db {
    /// The connections that there are.
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// An act, in which the rooms take part that are given its [`Act::db`].
    pub fn act(&self) -> Act {
        let progress = Progress {
            stage: Stage::Ahead,
            follows: vec![],
        };
        Act(Db {
            pool: self.pool.clone(),
            act: Some(Arc::new(Mutex::new(progress))),
        })
    }

    /// The same without the act: for what is read before something slow, which the act does not begin with.
    pub fn outside(&self) -> Db {
        Db::from(self.pool.clone())
    }

    /// Begins what holds only together.
    pub async fn begin(&self) -> Result<Part, Error> {
        let Some(act) = &self.act else {
            return Ok(Part {
                transaction: self.pool.begin().await?,
                act: None,
            });
        };
        let mut act = act.clone().lock_owned().await;
        Ok(Part {
            transaction: act.take(&self.pool).await?,
            act: Some(act),
        })
    }

    /// Does what follows from something that was just done, such as to forget what it made untrue: now, or once the act is
    /// done that it is part of. If that comes to nothing, nothing follows.
    pub async fn then(&self, follows: impl Future<Output = ()> + Send + 'static) {
        match &self.act {
            Some(act) => act.lock().await.follows.push(follows.boxed()),
            None => follows.await,
        }
    }
}

impl Act {
    /// What takes part in it runs on this.
    pub fn db(&self) -> &Db {
        &self.0
    }

    /// Now it is done, and so is what follows from it.
    pub async fn commit(self) -> Result<(), Error> {
        let Some(act) = &self.0.act else {
            return Ok(());
        };
        let mut act = act.lock().await;
        if !matches!(act.stage, Stage::Ahead) {
            act.take(&self.0.pool).await?.commit().await?;
        }
        let follows = std::mem::take(&mut act.follows);
        drop(act);
        for one in follows {
            one.await;
        }
        Ok(())
    }
}

/// Whoever still has a handle of it holds nothing up.
impl Drop for Act {
    fn drop(&mut self) {
        if let Some(Ok(mut act)) = self.0.act.as_ref().map(|act| act.try_lock()) {
            act.stage = Stage::Over;
            act.follows.clear();
        }
    }
}

impl Progress {
    async fn connection(&mut self, pool: &AnyPool) -> Result<&mut AnyConnection, Error> {
        if let Stage::Ahead = self.stage {
            self.stage = Stage::Begun(begin(pool).await?);
        }
        match &mut self.stage {
            Stage::Begun(transaction) => Ok(transaction),
            Stage::Ahead | Stage::Over => Err(over()),
        }
    }

    /// Unless it is given back, the act is over with what is done to it.
    async fn take(&mut self, pool: &AnyPool) -> Result<Transaction<'static, Any>, Error> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Begun(transaction) => Ok(transaction),
            Stage::Ahead => begin(pool).await,
            Stage::Over => Err(over()),
        }
    }
}

/// SQLite refuses a transaction that has read first and would write later, if another has written in between: so the turn to
/// write is waited for here.
async fn begin(pool: &AnyPool) -> Result<Transaction<'static, Any>, Error> {
    match pool.connect_options().database_url.scheme() {
        "sqlite" => pool.begin_with("BEGIN IMMEDIATE").await,
        _ => pool.begin().await,
    }
}

impl Part {
    pub async fn commit(self) -> Result<(), Error> {
        match self.act {
            Some(mut act) => act.stage = Stage::Begun(self.transaction),
            None => self.transaction.commit().await?,
        }
        Ok(())
    }
}

impl Deref for Part {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.transaction
    }
}

impl DerefMut for Part {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
}

fn over() -> Error {
    Error::Protocol("the act is over".to_owned())
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}

type Step = Result<Either<AnyQueryResult, AnyRow>, Error>;

impl<'c> Executor<'c> for &'c Db {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Step>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let Some(act) = &self.act else {
            return self.pool.fetch_many(query);
        };
        let steps = async move {
            let mut act = act.lock().await;
            let steps = act.connection(&self.pool).await?.fetch_many(query);
            Ok::<_, Error>(stream::iter(steps.collect::<Vec<Step>>().await))
        };
        stream::once(steps).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let Some(act) = &self.act else {
            return self.pool.fetch_optional(query);
        };
        async move {
            let mut act = act.lock().await;
            act.connection(&self.pool)
                .await?
                .fetch_optional(query)
                .await
        }
        .boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'c: 'e,
    {
        let Some(act) = &self.act else {
            return self.pool.prepare_with(sql, parameters);
        };
        async move {
            let mut act = act.lock().await;
            let prepared = act
                .connection(&self.pool)
                .await?
                .prepare_with(sql, parameters)
                .await?;
            Ok(prepared)
        }
        .boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Any>, Error>>
    where
        'c: 'e,
    {
        let Some(act) = &self.act else {
            return self.pool.describe(sql);
        };
        async move {
            let mut act = act.lock().await;
            act.connection(&self.pool).await?.describe(sql).await
        }
        .boxed()
    }
}

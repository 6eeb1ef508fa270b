use std::pin::Pin;
use std::time::Duration;

use tokio::time::timeout;

use crate::conversation::Login;

/// A login that is being checked while the call goes on. It makes progress only while one of these waits.
pub(super) struct LoginCheck<'a> {
    checking: Pin<Box<dyn Future<Output = Login> + Send + 'a>>,
    login: Option<Login>,
}

impl<'a> LoginCheck<'a> {
    pub(super) fn new(checking: impl Future<Output = Login> + Send + 'a) -> Self {
        Self { checking: Box::pin(checking), login: None }
    }

    /// Does `work` to its end meanwhile.
    pub(super) async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                login = &mut self.checking, if self.login.is_none() => self.login = Some(login),
                done = &mut work => return done,
            }
        }
    }

    /// What came of it, if it is known after `time` at most. Once told there is nothing more to ask.
    pub(super) async fn within(&mut self, time: Duration) -> Option<Login> {
        match self.login.take() {
            Some(login) => Some(login),
            None => timeout(time, &mut self.checking).await.ok(),
        }
    }
}

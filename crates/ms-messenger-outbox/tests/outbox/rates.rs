//! Rates and pauses are shared by all workers.

use std::time::{Duration, Instant};

use ms_messenger_core::{ErrorKind, SendRequest, Target};
use ms_messenger_outbox::{Budget, Envelope, Rate, Route, Worker};

use crate::platform::{Next, Platform, ROUTE, envelope, outbox, worker};

fn limited(outbox: &ms_messenger_outbox::Outbox, platform: &Platform, budget: Budget) -> Worker {
    let route = Route::new(platform.clone()).with_budget(budget);
    worker(outbox, platform).with_route(ROUTE, route).build()
}

#[tokio::test]
async fn two_workers_share_the_rate_of_a_route() {
    let (outbox, platform) = (outbox(), Platform::new());
    let all = (0..12).map(|i| envelope(&format!("m{i}"), "x"));
    outbox.enqueue_all(all).await.unwrap();
    let rate = Rate::new(Duration::from_millis(20), 2);
    let budget = Budget::default().with_route(Some(rate));
    let began = Instant::now();
    let (a, b) = (
        limited(&outbox, &platform, budget),
        limited(&outbox, &platform, budget),
    );
    let (a, b) = tokio::join!(a.run_until_empty(), b.run_until_empty());
    a.unwrap();
    b.unwrap();
    assert_eq!(platform.texts().len(), 12);
    assert!(
        began.elapsed() >= Duration::from_millis(199),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_busy_target_holds_up_no_other() {
    let (outbox, platform) = (outbox(), Platform::new());
    let busy = (0..6).map(|i| envelope(&format!("busy{i}"), &format!("busy{i}")));
    let other = (0..6).map(|i| {
        let to = Target::conversation(format!("other{i}"));
        Envelope::new(
            format!("other{i}"),
            ROUTE,
            SendRequest::new(to, format!("other{i}")),
        )
    });
    outbox.enqueue_all(busy.chain(other)).await.unwrap();
    let rate = Rate::new(Duration::from_millis(50), 1);
    let budget = Budget::default().with_target(Some(rate));
    let began = Instant::now();
    limited(&outbox, &platform, budget)
        .run_until_empty()
        .await
        .unwrap();
    assert!(
        began.elapsed() >= Duration::from_millis(249),
        "{:?}",
        began.elapsed()
    );
    let texts = platform.texts();
    let last_other = texts
        .iter()
        .rposition(|it| it.starts_with("other"))
        .unwrap();
    let last_busy = texts.iter().rposition(|it| it.starts_with("busy")).unwrap();
    assert!(last_other < last_busy, "{texts:?}");
    let busy: Vec<&String> = texts.iter().filter(|it| it.starts_with("busy")).collect();
    assert!(busy.is_sorted(), "{busy:?}");
}

#[tokio::test]
async fn a_429_pauses_the_route_for_every_worker() {
    let (outbox, platform) = (outbox(), Platform::new());
    let pause = Duration::from_millis(150);
    platform.then(Next::Fails(ErrorKind::RateLimited, Some(pause)));
    outbox.enqueue(envelope("a", "a")).await.unwrap();
    let began = Instant::now();
    let first = worker(&outbox, &platform).build();
    let stop = ms_messenger_core::CancelHandle::new();
    let running = stop.clone();
    let first = tokio::spawn(async move { first.run(&running).await });
    while outbox
        .get(&"a".into())
        .await
        .unwrap()
        .unwrap()
        .head
        .failures
        == 0
    {
        tokio::task::yield_now().await;
    }
    outbox.enqueue(envelope("b", "b")).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert!(began.elapsed() >= pause, "{:?}", began.elapsed());
    assert_eq!(platform.texts().len(), 2);
    stop.cancel();
    first.await.unwrap().unwrap();
}

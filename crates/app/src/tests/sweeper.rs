//! Personal data ends with its retention.

use std::time::Duration;

use trialogue_storage::ConferenceLookup;

use super::scene::World;
use crate::retention::Sweeper;

#[tokio::test]
async fn personal_data_is_kept_for_its_retention() {
    let world = World::sqlite();
    let call = world.call().await;
    world.invite(&call, None).await;
    world.finish(&call).await;
    let sweep = async |days: Option<u64>| {
        let retention = days.map(|days| Duration::from_hours(24 * days));
        let (store, clock, stop) = (world.store.clone(), world.clock(), world.stop.subscribe());
        Sweeper { store, clock, retention, stop }.sweep().await.unwrap();
        let view = world.store.view(ConferenceLookup::Id(call.id)).await.unwrap().unwrap();
        view.invited[0].email.is_some()
    };
    world.clock.advance(Duration::from_hours(24 * 30));
    assert!(sweep(Some(30)).await);
    world.clock.advance(Duration::from_secs(1));
    assert!(sweep(None).await, "it is kept for good");
    assert!(!sweep(Some(30)).await);
}

use std::fs;

use dialgate_contract::Lifetime;
use dialgate_contract::queue::Queue;

use super::asterisk::Call;
use super::site::Site;

fn site() -> Site {
    let mut site = Site::new();
    site.config.agi.wait_for_open = Lifetime::from_seconds(1).unwrap();
    site
}

/// One call to a server whose queue something happens to while it runs.
async fn call_after(site: &Site, something: impl FnOnce()) -> Option<String> {
    let server = site.serve().await;
    something();
    Call::dial(server.address).await.confirms("12*34*56*78").run().await.result
}

#[tokio::test]
async fn a_queue_that_is_removed_while_it_is_open_is_made_anew() {
    for removed in
        [&["queue.db", "queue.db-wal", "queue.db-shm"][..], &["queue.db"], &["queue.db-wal"]]
    {
        let site = site();
        let result = call_after(&site, || {
            for file in removed {
                fs::remove_file(site.config.queue_dir().join(file)).unwrap();
            }
        });
        assert_eq!(result.await.as_deref(), Some("queued"), "{removed:?}");
        assert_eq!(site.queued().len(), 1, "{removed:?}");
    }
}

#[tokio::test]
async fn a_queue_that_is_put_in_the_place_of_the_open_one_is_written() {
    let site = site();
    let result = call_after(&site, || {
        let folder = site.config.queue_dir();
        fs::rename(&folder, folder.with_extension("old")).unwrap();
        fs::create_dir(&folder).unwrap();
        drop(Queue::open(&site.config.queue_file()).unwrap());
    });
    assert_eq!(result.await.as_deref(), Some("queued"));
    assert_eq!(site.queued().len(), 1);
}

#[tokio::test]
async fn without_a_folder_for_the_queue_the_caller_is_asked_to_try_later() {
    let site = site();
    let result = call_after(&site, || fs::remove_dir_all(site.config.queue_dir()).unwrap());
    assert_eq!(result.await.as_deref(), Some("error"));
}

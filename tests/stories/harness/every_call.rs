//! A life in which every call that changes AWS is made: creation, an edit of everything, an answer to a deployment that waits for
//! one, deletion.

use serde_json::{Value, json};

use super::{
    World,
    invariants::{nothing_foreign, one_of_everything, summary},
    objects::{self, behind_two_rules, is_ready, of_task_definition},
};
use crate::pausing::approved;

/// What such a life makes and what goes, by operation, whatever befell it: nothing twice. (The deletion of revisions for good
/// shows in what is left.)
const SUMMARY: [(&str, usize); 12] = [
    ("CreateCluster", 1),
    ("CreateRule", 2),
    ("CreateService", 2),
    ("CreateTargetGroup", 1),
    ("DeleteCluster", 1),
    ("DeleteRule", 2),
    ("DeleteService", 2),
    ("DeleteTargetGroup", 1),
    ("DeleteTaskDefinitions", 1),
    ("DeregisterTaskDefinition", 2),
    ("RegisterTaskDefinition", 2),
    ("UpdateService", 2),
];

/// The application, with a second service of the same task definition.
pub struct Objects {
    /// `main`.
    pub cluster: Value,
    /// `web`.
    pub task_definition: Value,
    /// `web`, behind two rules.
    pub web: Value,
    /// `asked`, whose deployments wait for a person.
    pub asked: Value,
}

impl Objects {
    /// As they are made.
    pub fn new(listener: &str) -> Self {
        let mut all = Self {
            cluster: objects::cluster(),
            task_definition: objects::task_definition("web", "nginx:1"),
            web: behind_two_rules("web", listener, [10, 20]),
            asked: of_task_definition("web", approved("asked")),
        };
        all.tag(json!({"stage": "test", "team": "a"}));
        all
    }

    /// Edited so that every call is needed that changes something in place.
    pub fn edited(listener: &str) -> Self {
        let mut all = Self::new(listener);
        all.tag(json!({"stage": "production"}));
        let insights = json!([{"name": "containerInsights", "value": "enabled"}]);
        all.cluster["spec"]["settings"] = insights;
        all.cluster["spec"]["capacityProviders"] = json!(["FARGATE"]);
        all.task_definition["spec"]["containerDefinitions"][0]["image"] = json!("nginx:2");
        all.task_definition["spec"]["revisionHistoryLimit"] = json!(0);
        all.task_definition["spec"]["deleteOldRevisions"] = json!(true);
        all.web["spec"]["loadBalancers"] =
            behind_two_rules("web", listener, [20, 10])["spec"]["loadBalancers"].take();
        let group = &mut all.web["spec"]["loadBalancers"][0]["targetGroup"];
        group["healthCheckPath"] = json!("/ready");
        group["attributes"] = json!({"deregistration_delay.timeout_seconds": "5"});
        group["rules"][1]["conditions"][0]["pathPatternConfig"]["values"] = json!(["/new"]);
        all
    }

    fn tag(&mut self, tags: Value) {
        self.cluster["spec"]["tags"] = tags.clone();
        self.web["spec"]["tags"] = tags;
    }

    /// All of them, what is used before what uses it.
    pub fn all(&self) -> [Value; 4] {
        [&self.cluster, &self.task_definition, &self.web, &self.asked].map(Value::clone)
    }
}

impl World {
    /// Waits until all of them are Ready.
    pub async fn until_made(&self) {
        self.until_ready("EcsService", "web").await;
        self.until_ready("EcsService", "asked").await;
        self.until_ready("EcsCluster", "main").await;
    }

    /// Waits until the edit is done and no older revision is left, and checks that there is one of everything.
    pub async fn until_edited(&self) {
        self.until_runs("asked", 2).await;
        self.until_runs("web", 2).await;
        self.until_ready("EcsCluster", "main").await;
        let trimmed = |object: &Value| {
            let known = object["status"]["revisions"].as_array();
            is_ready(object) && known.is_some_and(|known| known.len() == 1)
        };
        self.until("EcsTaskDefinition", "web", "trimmed", trimmed)
            .await;
        let mut objects = self.application().await;
        objects.extend(self.get("EcsService", "asked").await);
        let wrong = one_of_everything(&self.simulator, &objects);
        assert!(wrong.is_empty(), "{wrong:#?}");
        let mut rules = self.rules();
        rules.sort_by_key(|rule| rule["Priority"].to_string());
        let path = |rule: &Value| rule["Conditions"][0]["PathPatternConfig"]["Values"][0].clone();
        assert_eq!(rules.iter().map(path).collect::<Vec<_>>(), ["/new", "/a"]);
    }

    /// Deletes everything at once.
    pub fn delete_everything(&self) {
        self.kubectl(&["delete", "--wait=false", "ecsservice/asked"]);
        self.delete_application();
    }

    /// Waits until all of it is gone, and checks that the life made and deleted what an undisturbed one does.
    pub async fn until_everything_gone(&self) {
        self.until_gone("EcsService", "asked").await;
        self.until_application_gone().await;
        let journal = self.simulator.journal();
        let wanted = SUMMARY.map(|(call, times)| (call.to_owned(), times));
        assert_eq!(summary(&journal), wanted.into(), "{}", self.calls());
        assert_eq!(nothing_foreign(&journal), Vec::<String>::new());
        assert_eq!(
            one_of_everything(&self.simulator, &[]),
            Vec::<String>::new()
        );
        self.check();
    }
}

//! What only matters while a rollout is judged.

use futures::future::try_join_all;
use serde_json::{Value, json};

use super::{Interest, array};
use crate::{
    aws::{Aws, AwsError, ecs::Operation},
    desired::service,
    model::{
        Members, arn,
        observed::{FailedDeployment, Pause, Resource, Service},
    },
    plan::{request, rollout},
};

/// Stopped tasks that are looked at to explain a failure.
const STOPPED_TASKS: usize = 5;

impl Aws {
    /// What only matters while a rollout is judged: health when it has ended, the fate of one that was given up, why tasks stopped.
    pub(super) async fn rollout(
        &self,
        target: &service::Target,
        interest: &Interest,
        observed: &mut Service,
    ) -> Result<(), AwsError> {
        let Some(primary) = observed.service.as_ref().and_then(rollout::primary) else {
            return Ok(());
        };
        let state = primary["rolloutState"]
            .as_str()
            .unwrap_or("COMPLETED")
            .to_owned();
        let current = primary["taskDefinition"].as_str().unwrap_or_default();
        let is_declared = interest
            .task_definition
            .as_deref()
            .is_none_or(|declared| arn::same_task_definition(declared, current));
        let failed_tasks = primary["failedTasks"].as_i64().unwrap_or(0);
        if state != "IN_PROGRESS" {
            try_join_all(observed.target_groups.values_mut().map(|group| async {
                group.health = Some(self.target_health(&group.arn).await?);
                Ok::<_, AwsError>(())
            }))
            .await?;
        }
        let pausing = observed.service.as_ref().and_then(pausing);
        if state == "IN_PROGRESS"
            && let Some(deployment) = pausing
        {
            observed.pause = self.pause(deployment).await?;
        }
        if interest.is_other_than_recorded(primary, is_declared) {
            observed.failed_deployment = self.failed_deployment(target).await?;
        }
        if observed.failed_deployment.is_some() || state == "FAILED" || failed_tasks > 0 {
            observed.stopped_tasks = self.stopped_tasks(target).await?;
        }
        Ok(())
    }

    /// Where a service deployment waits for an answer, if it does.
    async fn pause(&self, deployment: &str) -> Result<Option<Pause>, AwsError> {
        let input = request! {"serviceDeploymentArns": [deployment]};
        let answer = self
            .ecs(Operation::DescribeServiceDeployments, &input)
            .await?;
        let Some(deployment) = array(&answer, "serviceDeployments").first() else {
            return Ok(None);
        };
        let is_open =
            |hook: &&Value| hook["targetType"] == "PAUSE" && hook["status"] == "AWAITING_ACTION";
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let revision = deployment["targetServiceRevision"]["arn"].as_str();
        let open = array(deployment, "lifecycleHookDetails")
            .iter()
            .find(is_open);
        Ok(open.map(|hook| Pause {
            deployment: format!(
                "ecs-svc/{}",
                revision.map(arn::last_segment).unwrap_or_default()
            ),
            service_deployment: text(&deployment["serviceDeploymentArn"]).unwrap_or_default(),
            hook: text(&hook["hookId"]).unwrap_or_default(),
            stage: text(&deployment["lifecycleStage"]),
            timeout_action: text(&hook["timeoutAction"]),
        }))
    }

    /// The newest service deployment, when ECS gave it up or was told to stop it.
    async fn failed_deployment(
        &self,
        target: &service::Target,
    ) -> Result<Option<FailedDeployment>, AwsError> {
        let answer = self
            .ecs(
                Operation::ListServiceDeployments,
                &request! {"cluster": target.cluster, "service": target.name, "maxResults": 20},
            )
            .await?;
        let newest = array(&answer, "serviceDeployments").iter().max_by(|a, b| {
            a["createdAt"]
                .as_f64()
                .unwrap_or(0.0)
                .total_cmp(&b["createdAt"].as_f64().unwrap_or(0.0))
        });
        let Some(newest) = newest else {
            return Ok(None);
        };
        let status = newest["status"].as_str().unwrap_or_default();
        if !rollout::is_given_up(status) {
            return Ok(None);
        }
        let revision = newest["targetServiceRevisionArn"]
            .as_str()
            .unwrap_or_default();
        let answer = self
            .ecs(
                Operation::DescribeServiceRevisions,
                &request! {"serviceRevisionArns": [revision]},
            )
            .await?;
        let task_definition = array(&answer, "serviceRevisions")
            .first()
            .and_then(|revision| revision["taskDefinition"].as_str());
        Ok(Some(FailedDeployment {
            id: format!("ecs-svc/{}", arn::last_segment(revision)),
            status: status.to_owned(),
            reason: newest["statusReason"].as_str().map(str::to_owned),
            task_definition: task_definition.map(str::to_owned),
        }))
    }

    /// Why the service's tasks stopped, newest first, those that failed to start before others.
    async fn stopped_tasks(&self, target: &service::Target) -> Result<Vec<String>, AwsError> {
        let input = request! {"cluster": target.cluster, "serviceName": target.name, "desiredStatus": "STOPPED", "maxResults": 50};
        let listed = self.ecs(Operation::ListTasks, &input).await?;
        if array(&listed, "taskArns").is_empty() {
            return Ok(Vec::new());
        }
        let input = Members::from_iter([
            ("cluster".to_owned(), json!(target.cluster)),
            ("tasks".to_owned(), listed["taskArns"].clone()),
        ]);
        let answer = self.ecs(Operation::DescribeTasks, &input).await?;
        let mut tasks: Vec<&Value> = array(&answer, "tasks")
            .iter()
            .filter(|task| !is_by_intent(task))
            .collect();
        tasks.sort_by(|a, b| {
            b["stoppedAt"]
                .as_f64()
                .unwrap_or(f64::MAX)
                .total_cmp(&a["stoppedAt"].as_f64().unwrap_or(f64::MAX))
        });
        Ok(tasks.into_iter().take(STOPPED_TASKS).map(explain).collect())
    }
}

/// ARN of the current service deployment, if a hook can make it wait for an answer: else nobody need ask.
fn pausing(service: &Resource) -> Option<&str> {
    let configuration = service.members.get("deploymentConfiguration")?;
    let mut hooks = array(configuration, "lifecycleHooks").iter();
    hooks
        .any(|hook| hook["targetType"] == "PAUSE")
        .then(|| service.text("currentServiceDeployment"))?
}

/// A stopped task's reason with its containers' reasons and exit codes.
fn explain(task: &Value) -> String {
    let mut why = task["stoppedReason"]
        .as_str()
        .unwrap_or("no reason given")
        .trim_end_matches('.')
        .to_owned();
    for container in array(task, "containers") {
        let name = container["name"].as_str().unwrap_or("?");
        if let Some(reason) = container["reason"]
            .as_str()
            .filter(|reason| !why.contains(reason.trim_end_matches('.')))
        {
            why.push_str(&format!("; container {name}: {reason}"));
        }
        if let Some(code) = container["exitCode"].as_i64().filter(|code| *code != 0) {
            why.push_str(&format!("; container {name} exited with code {code}"));
        }
    }
    why
}

/// Whether a task was stopped because fewer were wanted or somebody said so; not so those that failed health checks.
fn is_by_intent(task: &Value) -> bool {
    let reason = task["stoppedReason"].as_str().unwrap_or_default();
    task["stopCode"] == "UserInitiated" || reason.starts_with("Scaling activity initiated by")
}

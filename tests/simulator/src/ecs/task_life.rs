//! The life of a task: PROVISIONING, PENDING, RUNNING, and the ways it ends.

use super::agenda::{Happening, Phase};
use super::scheduler::next_start;
use super::service::Service;
use super::task::{Status, Stop, Task};
use super::{State, World, circuit_breaker, event_bridge, targets};
use crate::Fate;
use crate::clock::Time;

/// Seconds for the network interface. [?] unverified: TASK_TIMINGS
const PROVISION_SECONDS: f64 = 1.0;

/// Seconds a task without any health check must run before it counts as healthy. [?] unverified: TASK_TIMINGS
const UNCHECKED_SECONDS: f64 = 2.0;

/// Seconds that a stopped task is still described [D].
const FORGET_SECONDS: f64 = 3600.0;

/// The digest that an image has.
pub(super) fn digest(image: &str) -> String {
    format!("sha256:{}", crate::ids::named(&[image], 64))
}

impl State {
    /// Takes a new task in.
    pub(super) fn start(&mut self, task: Task, world: &mut World) {
        self.plan(&task.id, Phase::Pend, world.now + PROVISION_SECONDS);
        self.emit(world, event_bridge::task(&task));
        self.tasks.insert(task.id.clone(), task);
    }

    fn plan(&mut self, id: &str, phase: Phase, at: Time) {
        self.agenda.add(
            at,
            Happening::Task {
                id: id.to_owned(),
                phase,
            },
        );
    }

    /// Takes a task a step further.
    pub(super) fn task_phase(&mut self, id: &str, phase: Phase, world: &mut World) {
        let Some(mut task) = self.tasks.remove(id) else {
            return;
        };
        if phase == Phase::Forget {
            return;
        }
        let key = task.service.clone();
        let mut service = key.as_ref().and_then(|key| self.services.remove(key));
        let before = task.version;
        self.step(&mut task, service.as_mut(), phase, world);
        if task.version != before {
            self.emit(world, event_bridge::task(&task));
        }
        if let (Some(key), Some(service)) = (key, service) {
            self.services.insert(key, service);
        }
        self.tasks.insert(id.to_owned(), task);
    }

    fn step(
        &mut self,
        task: &mut Task,
        service: Option<&mut Service>,
        phase: Phase,
        world: &mut World,
    ) {
        match phase {
            Phase::Pend if task.wanted => {
                task.enter(Status::Pending);
                task.pull_started_at = Some(world.now);
                self.plan(
                    &task.id,
                    Phase::Start,
                    world.now + world.script.pull_seconds,
                );
            }
            Phase::Start if task.wanted => self.start_containers(task, service, world),
            Phase::Heal if task.wanted && task.is_running() => self.heal(task, service, world),
            Phase::Sicken if task.wanted && task.is_running() => self.sicken(task, service, world),
            Phase::Exit if task.is_running() => self.exit(task, service, world),
            Phase::Halt => self.halt(task, world),
            Phase::Stop => self.stopped(task, service, world),
            _ => {}
        }
    }

    fn start_containers(
        &mut self,
        task: &mut Task,
        service: Option<&mut Service>,
        world: &mut World,
    ) {
        let fates: Vec<Fate> = task
            .containers
            .iter()
            .map(|c| world.script.image(&c.image))
            .collect();
        let failure = fates
            .iter()
            .position(|fate| matches!(fate, Fate::PullFails { .. }));
        if let Some((index, Fate::PullFails { reason })) =
            failure.map(|index| (index, &fates[index]))
        {
            let reason = format!("CannotPullContainerError: {reason}");
            task.containers[index].reason = Some(reason.clone());
            self.fail(task, service, Stop::new("TaskFailedToStart", reason), world);
            return;
        }
        task.enter(Status::Running);
        task.pull_stopped_at = Some(world.now);
        task.started_at = Some(world.now);
        for (container, fate) in task.containers.iter_mut().zip(&fates) {
            container.status = "RUNNING";
            if let Fate::Exits {
                code,
                after_seconds,
            } = fate
            {
                let at = world.now + after_seconds.max(0.0);
                container.ends = Some((at, *code));
                self.agenda.add(
                    at,
                    Happening::Task {
                        id: task.id.clone(),
                        phase: Phase::Exit,
                    },
                );
            }
        }
        self.watch_health(task, service, fates.contains(&Fate::Unhealthy), world);
    }

    /// Plans when the task will be found healthy, or unhealthy.
    fn watch_health(
        &mut self,
        task: &mut Task,
        service: Option<&mut Service>,
        sick: bool,
        world: &mut World,
    ) {
        let Some(service) = service else {
            self.plan(&task.id, Phase::Heal, world.now + UNCHECKED_SECONDS);
            return;
        };
        let healthy_at = world.now + world.script.health_seconds;
        targets::register(task, service, (!sick).then_some(healthy_at), world);
        let watched = task.is_checked() || !task.targets.is_empty();
        let can_heal = targets_can_heal(task, world) && !sick;
        if !watched {
            self.plan(&task.id, Phase::Heal, world.now + UNCHECKED_SECONDS);
        } else if can_heal {
            self.plan(&task.id, Phase::Heal, healthy_at);
        } else {
            let at = world.now + seconds_to_unhealthy(task, service, world);
            self.plan(&task.id, Phase::Sicken, at);
        }
        service.wake(&mut self.agenda, world.now + world.script.tick_seconds);
    }

    fn heal(&mut self, task: &mut Task, service: Option<&mut Service>, world: &mut World) {
        let Some(service) = service else {
            task.healthy = true;
            return;
        };
        if !targets::healthy(task, world) {
            let at = world.now + seconds_to_unhealthy(task, service, world);
            self.plan(&task.id, Phase::Sicken, at);
            return;
        }
        // From here on nobody looks at its health again. [?] unverified: HEALTHY_FOR_EVER
        task.healthy = true;
        task.version += 1;
        let resets = circuit_breaker::resets(service);
        if let Some(deployment) = service.deployment_mut(task.revision()) {
            deployment.failed_tasks = 0;
            deployment.failed_rounds = 0;
            if resets {
                deployment.breaker_failures = 0;
            }
        }
        service.wake(&mut self.agenda, world.now + world.script.tick_seconds);
    }

    /// The task was not healthy in time: it is replaced, unless it has become healthy late.
    fn sicken(&mut self, task: &mut Task, service: Option<&mut Service>, world: &mut World) {
        let Some(service) = service else { return };
        let sick = task
            .containers
            .iter()
            .any(|c| world.script.image(&c.image) == Fate::Unhealthy);
        if !sick && targets::healthy(task, world) {
            self.heal(task, Some(service), world);
            return;
        }
        let group = task
            .targets
            .first()
            .map(|target| (target.group.clone(), target.port));
        let stop = match group {
            Some((group, port)) => {
                let message = format!(
                    "(port {port}) is unhealthy in (target-group {group}) due to (reason Health checks failed)."
                );
                service.say(world.ids, world.now, message);
                Stop::new(
                    "ServiceSchedulerInitiated",
                    format!("Task failed ELB health checks in (target-group {group})"),
                )
            }
            None => {
                service.say(
                    world.ids,
                    world.now,
                    format!("(task {}) failed container health checks.", task.id),
                );
                Stop::new(
                    "ServiceSchedulerInitiated",
                    "Task failed container health checks",
                )
            }
        };
        self.count_failure(task, service, world);
        self.begin_stop(task, Some(service), stop, world);
    }

    /// Containers whose time has come end; with an essential one the task does.
    fn exit(&mut self, task: &mut Task, service: Option<&mut Service>, world: &mut World) {
        let mut essential = false;
        for container in &mut task.containers {
            if let Some((_, code)) = container.ends.take_if(|(at, _)| *at <= world.now) {
                container.exit_code = Some(code);
                container.status = "STOPPED";
                essential |= container.essential;
            }
        }
        task.version += 1;
        if essential {
            let stop = Stop::new(
                "EssentialContainerExited",
                "Essential container in task exited",
            );
            self.fail(task, service, stop, world);
        }
    }

    /// The task ends by itself. Before it was healthy that is a failure of its deployment. [?] unverified: EARLY_EXIT_COUNTS
    fn fail(
        &mut self,
        task: &mut Task,
        mut service: Option<&mut Service>,
        stop: Stop,
        world: &mut World,
    ) {
        if task.wanted
            && let Some(service) = service.as_deref_mut()
        {
            if task.healthy {
                service.wake(&mut self.agenda, world.now + world.script.tick_seconds);
            } else {
                self.count_failure(task, service, world);
            }
        }
        targets::deregister(task, service, world);
        task.enter(Status::Deprovisioning);
        task.stopping_at = Some(world.now);
        task.wanted = false;
        task.stop.get_or_insert(stop);
        self.plan(&task.id, Phase::Stop, world.now + world.script.stop_seconds);
    }

    /// A failed task delays the next, and brings the circuit breaker closer to its threshold.
    fn count_failure(&mut self, task: &Task, service: &mut Service, world: &mut World) {
        let soon = world.now + world.script.tick_seconds;
        let mut impaired = false;
        if let Some(deployment) = service.deployment_mut(task.revision()) {
            deployment.failed_tasks += 1;
            deployment.breaker_failures += 1;
            deployment.updated_at = world.now;
            // Tasks started together that fail together are one attempt.
            if deployment.not_before <= task.created_at {
                deployment.failed_rounds += 1;
                deployment.not_before = next_start(soon, deployment.failed_rounds);
                impaired = deployment.not_before > soon;
            }
        }
        if impaired {
            service.say(world.ids, world.now, "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.");
            self.emit(
                world,
                event_bridge::action(service, "WARN", "SERVICE_TASK_START_IMPAIRED"),
            );
        }
        service.wake(&mut self.agenda, soon);
    }

    /// Stops a task that is to run: its targets drain first.
    pub(super) fn stop(
        &mut self,
        id: &str,
        stop: Stop,
        service: Option<&mut Service>,
        world: &mut World,
    ) {
        let Some(mut task) = self.tasks.remove(id) else {
            return;
        };
        if task.wanted {
            self.begin_stop(&mut task, service, stop, world);
            self.emit(world, event_bridge::task(&task));
        }
        self.tasks.insert(id.to_owned(), task);
    }

    fn begin_stop(
        &mut self,
        task: &mut Task,
        mut service: Option<&mut Service>,
        stop: Stop,
        world: &mut World,
    ) {
        if let Some(service) = service.as_deref_mut() {
            service.say(
                world.ids,
                world.now,
                format!("has stopped 1 running tasks: (task {}).", task.id),
            );
        }
        task.wanted = false;
        task.stop = Some(stop);
        task.stopping_at = Some(world.now);
        match targets::deregister(task, service, world) {
            Some(seconds) => {
                task.enter(Status::Deactivating);
                self.plan(&task.id, Phase::Halt, world.now + seconds);
            }
            None => self.halt(task, world),
        }
    }

    fn halt(&mut self, task: &mut Task, world: &mut World) {
        task.enter(Status::Stopping);
        self.plan(&task.id, Phase::Stop, world.now + world.script.stop_seconds);
    }

    fn stopped(&mut self, task: &mut Task, service: Option<&mut Service>, world: &mut World) {
        if task.is_stopped() {
            return;
        }
        for container in &mut task.containers {
            // A container that was told to stop and did: [?] unverified: EXIT_CODE_ON_STOP
            if container.status == "RUNNING" {
                container.exit_code = Some(0);
            }
            container.status = "STOPPED";
        }
        task.enter(Status::Stopped);
        task.stopped_at = Some(world.now);
        self.plan(&task.id, Phase::Forget, world.now + FORGET_SECONDS);
        if let Some(service) = service {
            service.tasks.retain(|id| *id != task.id);
            service.wake(&mut self.agenda, world.now + world.script.tick_seconds);
        }
    }
}

fn targets_can_heal(task: &Task, world: &World) -> bool {
    task.targets
        .iter()
        .all(|target| world.script.target_healthy(&target.group))
}

/// Seconds from now until ECS calls the task unhealthy: its checks must fail, and the grace period must be over [D].
fn seconds_to_unhealthy(task: &Task, service: &Service, world: &World) -> f64 {
    let revision = task.of.as_deref();
    let balancers = revision.map_or(&[][..], |revision| revision.load_balancers());
    let by_targets = targets::seconds_to_unhealthy(balancers, world);
    let containers = task.body["containerDefinitions"].as_array();
    let by_checks = containers
        .into_iter()
        .flatten()
        .map(|c| &c["healthCheck"])
        .map(|check| {
            let seconds = |member: &str| check[member].as_f64().unwrap_or(0.0);
            seconds("startPeriod") + seconds("interval") * seconds("retries")
        });
    let checks = if task.targets.is_empty() {
        by_checks.fold(0.0, f64::max)
    } else {
        by_targets
    };
    checks
        .max(service.grace_seconds())
        .max(world.script.tick_seconds)
}

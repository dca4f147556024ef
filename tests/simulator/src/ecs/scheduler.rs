//! The service scheduler: one look at a service starts and stops the tasks that can be started and stopped now.

use super::deployment::{Deployment, Rollout};
use super::pause_hook::{AFTER_SCALE_UP, BEFORE_SCALE_UP};
use super::service::{Service, Status};
use super::service_deployment;
use super::task::{Stop, Task};
use super::{State, World, circuit_breaker, event_bridge};
use crate::clock::Time;

/// Seconds between everything being in place and ECS saying so: the deployment completes a little after `services-stable` would be met [L]. [?] unverified: COMPLETION_DELAY
const SETTLE_SECONDS: f64 = 3.0;

/// What a deployment may do with the service's tasks: numbers of tasks.
struct Bounds {
    /// Healthy ones that stay.
    least: i64,
    /// All that may be there at once.
    most: i64,
}

/// A task as the scheduler sees it.
struct Seat {
    id: String,
    revision: String,
    healthy: bool,
}

impl State {
    /// One look.
    pub(super) fn look(&mut self, service: &mut Service, world: &mut World) {
        match service.status {
            Status::Inactive => {}
            Status::Draining => self.drain(service, world),
            Status::Active => self.deploy(service, world),
        }
    }

    fn drain(&mut self, service: &mut Service, world: &mut World) {
        if let Some(record) = service
            .history
            .last_mut()
            .filter(|record| !record.status.is_final())
        {
            let reason = "Service deployment stopped because the service was deleted.";
            record.enter(service_deployment::Status::Stopped, Some(reason), world.now);
        }
        for seat in self.seats(service) {
            self.stop_seat(service, &seat, world);
        }
        if service.tasks.is_empty() {
            service.status = Status::Inactive;
            service.deployments.clear();
        }
    }

    /// Services of every deployment controller are deployed so. [?] unverified: OTHER_CONTROLLERS
    fn deploy(&mut self, service: &mut Service, world: &mut World) {
        if let Some(record) = service.history.last_mut()
            && record.status == service_deployment::Status::Pending
        {
            record.enter(service_deployment::Status::InProgress, None, world.now);
        }
        self.stop_as_requested(service, world);
        if circuit_breaker::has_tripped(service) {
            self.trip(service, world);
        }
        if self.pauses(service, &BEFORE_SCALE_UP, world) {
            return;
        }
        let bounds = bounds(service);
        self.stop_surplus(service, world);
        self.stop_replaced(service, &bounds, world);
        self.start_missing(service, &bounds, world);
        self.drop_replaced(service);
        self.settle(service, world);
    }

    /// Tasks that are to run, oldest first.
    fn seats(&self, service: &Service) -> Vec<Seat> {
        let tasks = service.tasks.iter().filter_map(|id| self.tasks.get(id));
        let seat = |task: &Task| Seat {
            id: task.id.clone(),
            revision: task.revision().to_owned(),
            healthy: task.is_running() && task.healthy,
        };
        tasks.filter(|task| task.is_wanted()).map(seat).collect()
    }

    fn primary_seats(&self, service: &Service) -> Vec<Seat> {
        let id = primary(service).map_or("", |p| &p.revision.id).to_owned();
        self.seats(service)
            .into_iter()
            .filter(|seat| seat.revision == id)
            .collect()
    }

    /// Scales in: what is not healthy goes first, then what is youngest.
    fn stop_surplus(&mut self, service: &mut Service, world: &mut World) {
        let mut seats = self.primary_seats(service);
        let surplus = count(seats.len()) - service.desired;
        seats.reverse();
        seats.sort_by_key(|seat| seat.healthy);
        for seat in seats.iter().take(usize::try_from(surplus).unwrap_or(0)) {
            self.stop_seat(service, seat, world);
        }
    }

    /// Makes room: tasks of replaced deployments go as long as enough healthy ones stay.
    fn stop_replaced(&mut self, service: &mut Service, bounds: &Bounds, world: &mut World) {
        let Some(primary) = primary(service) else {
            return;
        };
        if primary.rollout == Rollout::Failed {
            return;
        }
        let id = primary.revision.id.clone();
        let seats = self.seats(service);
        let healthy = count(seats.iter().filter(|seat| seat.healthy).count());
        let new = count(
            seats
                .iter()
                .filter(|seat| seat.healthy && seat.revision == id)
                .count(),
        );
        if is_blue_green(service) && !self.has_baked(service, new, world) {
            return;
        }
        let mut spare = healthy - bounds.least;
        for seat in seats.iter().filter(|seat| seat.revision != id) {
            if !seat.healthy {
                self.stop_seat(service, seat, world);
            } else if spare > 0 {
                spare -= 1;
                self.stop_seat(service, seat, world);
            }
        }
    }

    /// Blue/green and its kin keep the old tasks until the new ones have baked. [?] unverified: BLUE_GREEN_SIMPLIFIED
    fn has_baked(&mut self, service: &mut Service, healthy: i64, world: &mut World) -> bool {
        if service.deployments.len() == 1 {
            return true;
        }
        let minutes = service.deployment_number("bakeTimeInMinutes").unwrap_or(0);
        if healthy < service.desired || self.pauses(service, &AFTER_SCALE_UP, world) {
            return false;
        }
        let primary = &mut service.deployments[0];
        let until = *primary.baking_at.get_or_insert(world.now) + minutes as f64 * 60.0;
        if world.now < until {
            service.wake(&mut self.agenda, until);
        }
        world.now >= until
    }

    /// Starts what is missing, as far as there is room and earlier failures allow.
    fn start_missing(&mut self, service: &mut Service, bounds: &Bounds, world: &mut World) {
        let seats = self.seats(service);
        // A FAILED deployment starts nothing [M]; what it was to replace keeps the service going. [?] unverified: FAILED_KEEPS_OLD
        let failed = primary(service).is_some_and(|p| p.rollout == Rollout::Failed);
        let starts = |deployment: &&Deployment| deployment.rollout != Rollout::Failed;
        let Some(starter) = service.deployments.iter().find(starts) else {
            return;
        };
        let own = |seat: &&Seat| seat.revision == starter.revision.id;
        let there = if failed {
            seats.len()
        } else {
            seats.iter().filter(own).count()
        };
        let missing = service.desired - count(there);
        let room = match is_blue_green(service) && !failed {
            // A whole new set comes beside whatever runs, were that more than is wanted now.
            true => missing,
            false => bounds.most - count(seats.len()),
        };
        let number = missing.min(room);
        if number <= 0 {
            return;
        }
        if starter.not_before > world.now {
            let at = starter.not_before;
            service.wake(&mut self.agenda, at);
            return;
        }
        let revision = starter.revision.clone();
        let mut started = String::new();
        for _ in 0..number {
            let id = self.start_service_task(service, &revision, world);
            started.push_str(&format!(" (task {id})"));
        }
        service.say(
            world.ids,
            world.now,
            format!("has started {number} tasks:{started}."),
        );
    }

    fn stop_seat(&mut self, service: &mut Service, seat: &Seat, world: &mut World) {
        let reason = format!(
            "Scaling activity initiated by (deployment ecs-svc/{})",
            seat.revision
        );
        self.stop(
            &seat.id,
            Stop::new("ServiceSchedulerInitiated", reason),
            Some(service),
            world,
        );
    }

    /// Deployments without tasks are INACTIVE and not described any more; the others show what is left of them.
    fn drop_replaced(&mut self, service: &mut Service) {
        let seats = self.seats(service);
        let left = |id: &str| count(seats.iter().filter(|seat| seat.revision == id).count());
        let revisions: Vec<&str> = service
            .tasks
            .iter()
            .filter_map(|id| self.tasks.get(id))
            .map(Task::revision)
            .collect();
        let Some((primary, replaced)) = service.deployments.split_first_mut() else {
            return;
        };
        primary.desired = service.desired;
        for deployment in replaced {
            deployment.desired = left(&deployment.revision.id);
        }
        let first = service.deployments[0].revision.id.clone();
        let failed = service.deployments[0].rollout == Rollout::Failed;
        service.deployments.retain(|deployment| {
            let id = deployment.revision.id.as_str();
            id == first
                || revisions.contains(&id)
                || (failed && deployment.rollout == Rollout::Completed)
        });
    }

    /// Says so when everything is in place.
    fn settle(&mut self, service: &mut Service, world: &mut World) {
        let seats = self.primary_seats(service);
        let healthy = count(seats.iter().filter(|seat| seat.healthy).count());
        let desired = service.desired;
        let alone = service.deployments.len() == 1 && count(service.tasks.len()) == desired;
        let Some(primary) = service.deployments.first_mut() else {
            return;
        };
        if !alone || healthy != desired {
            primary.settled_at = None;
            service.steady = false;
            return;
        }
        let since = *primary.settled_at.get_or_insert(world.now);
        match primary.rollout {
            Rollout::Failed => {}
            Rollout::InProgress if world.now < since + SETTLE_SECONDS => {
                service.wake(&mut self.agenda, since + SETTLE_SECONDS);
            }
            Rollout::InProgress => self.complete(service, world),
            Rollout::Completed => self.say_steady(service, world),
        }
    }

    fn complete(&mut self, service: &mut Service, world: &mut World) {
        let primary = &mut service.deployments[0];
        let id = primary.id();
        let reason = format!("ECS deployment {id} completed.");
        primary.enter(Rollout::Completed, reason.clone(), world.now);
        let (record, failures) = (primary.service_deployment.clone(), primary.breaker_failures);
        service.completed = Some(primary.revision.clone());
        if let Some(record) = service.history_mut(&record) {
            record.failure_count = record.failure_count.max(failures);
            let status = match record.rollback {
                Some(_) => service_deployment::Status::RollbackSuccessful,
                None => service_deployment::Status::Successful,
            };
            record.enter(status, None, world.now);
        }
        service.say(
            world.ids,
            world.now,
            format!("(deployment {id}) deployment completed."),
        );
        self.emit(
            world,
            event_bridge::deployment(
                service,
                "INFO",
                "SERVICE_DEPLOYMENT_COMPLETED",
                &id,
                &reason,
            ),
        );
        self.say_steady(service, world);
    }

    fn say_steady(&mut self, service: &mut Service, world: &mut World) {
        if !std::mem::replace(&mut service.steady, true) {
            service.say(world.ids, world.now, "has reached a steady state.");
            self.emit(
                world,
                event_bridge::action(service, "INFO", "SERVICE_STEADY_STATE"),
            );
        }
    }
}

fn primary(service: &Service) -> Option<&Deployment> {
    service.deployments.first()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn is_blue_green(service: &Service) -> bool {
    let configuration = service.settings.get("deploymentConfiguration");
    let strategy = configuration.and_then(|c| c["strategy"].as_str());
    strategy.is_some_and(|strategy| strategy != "ROLLING")
}

/// The least is rounded up, the most is rounded down [D].
fn bounds(service: &Service) -> Bounds {
    let desired = service.desired;
    if is_blue_green(service) {
        return Bounds {
            least: desired,
            most: 2 * desired,
        };
    }
    let percent = |member, default| service.deployment_number(member).unwrap_or(default);
    Bounds {
        least: (desired * percent("minimumHealthyPercent", 100) + 99) / 100,
        most: desired * percent("maximumPercent", 200) / 100,
    }
}

/// When tasks are started again after `rounds` failed attempts in a row: at once at first, then ever later, up to 27 minutes [D]; steps [?] unverified: START_BACKOFF
pub(super) fn next_start(now: Time, rounds: u32) -> Time {
    const FREE: u32 = 3;
    const FIRST_SECONDS: f64 = 10.0;
    const LONGEST_SECONDS: f64 = 27.0 * 60.0;
    match rounds.checked_sub(FREE) {
        None => now,
        Some(step) => now + (FIRST_SECONDS * 2f64.powi(step.min(16) as i32)).min(LONGEST_SECONDS),
    }
}

//! Objects as users write them: a cluster, task definitions and services, many at once.

use futures::{StreamExt, TryStreamExt, stream};
use kube::{
    Api, Client,
    api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams},
    core::GroupVersionKind,
};
use serde_json::{Value, json};

use crate::Result;

/// Requests of ours under way at once: enough to keep the API server busy.
const AT_ONCE: usize = 64;

/// Name under which users' fields are written.
const MANAGER: &str = "bench";

/// A kind of the operator.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// EcsCluster.
    Cluster,
    /// EcsTaskDefinition.
    TaskDefinition,
    /// EcsService.
    Service,
}

impl Kind {
    /// All that are used.
    pub const ALL: [Self; 3] = [Self::Cluster, Self::TaskDefinition, Self::Service];

    fn resource(self) -> ApiResource {
        let kind = match self {
            Self::Cluster => "EcsCluster",
            Self::TaskDefinition => "EcsTaskDefinition",
            Self::Service => "EcsService",
        };
        ApiResource::from_gvk(&GroupVersionKind::gvk("ecs-operator.dev", "v1alpha1", kind))
    }

    /// Objects of this kind in all namespaces.
    pub fn everywhere(self, client: &Client) -> Api<DynamicObject> {
        Api::all_with(client.clone(), &self.resource())
    }

    fn of(self, client: &Client, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(client.clone(), namespace, &self.resource())
    }
}

/// A namespace with one cluster and services with a task definition each.
pub struct Fleet {
    client: Client,
    /// Its namespace.
    pub namespace: &'static str,
    /// How many services.
    pub count: usize,
    /// Containers of each task definition.
    pub containers: usize,
}

impl Fleet {
    /// Creates the namespace and the cluster object.
    pub async fn new(
        client: &Client,
        namespace: &'static str,
        count: usize,
        containers: usize,
    ) -> Result<Self> {
        crate::chart::create_namespace(client, namespace).await?;
        let fleet = Self {
            client: client.clone(),
            namespace,
            count,
            containers,
        };
        fleet.create(Kind::Cluster, "main", 1).await?;
        Ok(fleet)
    }

    /// Names of all services, and of their task definitions.
    pub fn names(&self) -> impl Iterator<Item = String> + use<> {
        (0..self.count).map(|index| format!("web-{index:04}"))
    }

    /// Creates one object; `image` only matters to task definitions.
    pub async fn create(&self, kind: Kind, name: &str, image: u32) -> Result<()> {
        let object: DynamicObject = serde_json::from_value(self.manifest(kind, name, image))
            .map_err(|error| error.to_string())?;
        let params = PostParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PostParams::default()
        };
        let api = kind.of(&self.client, self.namespace);
        match api.create(&params, &object).await {
            Ok(_) => Ok(()),
            // kube asks again when the API server is too busy to answer, which may have taken the first request.
            Err(kube::Error::Api(answer)) if answer.is_already_exists() => Ok(()),
            Err(error) => Err(format!("{kind:?} {name} can't be created: {error}")),
        }
    }

    /// Creates all task definitions and services.
    pub async fn create_all(&self) -> Result<()> {
        self.each(|kind, name| async move { self.create(kind, &name, 1).await })
            .await
    }

    /// Applies all of them again as they are: `kubectl apply --server-side`.
    pub async fn apply_all(&self) -> Result<()> {
        let params = PatchParams::apply(MANAGER).force();
        self.each(|kind, name| {
            let (params, manifest) = (&params, self.manifest(kind, &name, 1));
            async move {
                kind.of(&self.client, self.namespace)
                    .patch(&name, params, &Patch::Apply(manifest))
                    .await
                    .map(drop)
                    .map_err(|error| format!("{kind:?} {name} can't be applied: {error}"))
            }
        })
        .await
    }

    /// Gives every task definition another image.
    pub async fn set_image_all(&self, image: u32) -> Result<()> {
        let params = PatchParams::apply(MANAGER).force();
        let patches = stream::iter(self.names()).map(|name| {
            let params = &params;
            async move {
                let manifest = self.manifest(Kind::TaskDefinition, &name, image);
                Kind::TaskDefinition
                    .of(&self.client, self.namespace)
                    .patch(&name, params, &Patch::Apply(manifest))
                    .await
                    .map(drop)
                    .map_err(|error| format!("{name} does not take the image: {error}"))
            }
        });
        patches.buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Deletes everything, the cluster included, as `kubectl delete -f` does.
    pub async fn delete_all(&self) -> Result<()> {
        self.delete(Kind::Cluster, "main").await?;
        self.each(|kind, name| async move { self.delete(kind, &name).await })
            .await
    }

    async fn delete(&self, kind: Kind, name: &str) -> Result<()> {
        kind.of(&self.client, self.namespace)
            .delete(name, &DeleteParams::default())
            .await
            .map(drop)
            .map_err(|error| format!("{kind:?} {name} can't be deleted: {error}"))
    }

    /// Does something to every task definition and service, service after task definition as in a file.
    async fn each<F, Fut>(&self, work: F) -> Result<()>
    where
        F: Fn(Kind, String) -> Fut,
        Fut: Future<Output = Result<()>>,
    {
        let objects = self
            .names()
            .flat_map(|name| [(Kind::TaskDefinition, name.clone()), (Kind::Service, name)]);
        stream::iter(objects)
            .map(|(kind, name)| work(kind, name))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    fn manifest(&self, kind: Kind, name: &str, image: u32) -> Value {
        let resource = kind.resource();
        let spec = match kind {
            Kind::Cluster => json!({}),
            Kind::TaskDefinition => task_definition(name, image, self.containers),
            Kind::Service => service(name, self.containers),
        };
        json!({
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": {"namespace": self.namespace, "name": name},
            "spec": spec,
        })
    }
}

/// The spec of a task definition. With more than one container each of them is as large as they are in practice: a dozen
/// variables, a health check, logs.
pub fn task_definition(name: &str, image: u32, containers: usize) -> Value {
    let container = |index: usize| {
        let image = format!("registry.example.com/{name}:{image}");
        if containers == 1 {
            return json!({
                "name": "web",
                "image": image,
                "portMappings": [{"containerPort": 8080}],
                "environment": [{"name": "LOG_LEVEL", "value": "info"}],
            });
        }
        let variables: Vec<_> = (0..12)
            .map(|n| json!({"name": format!("VARIABLE_{n}"), "value": format!("value {n} of container {index}")}))
            .collect();
        json!({
            "name": format!("container-{index}"),
            "image": image,
            "essential": index == 0,
            "portMappings": [{"name": format!("port-{index}"), "containerPort": 8080 + index}],
            "environment": variables,
            "secrets": [{"name": "TOKEN", "valueFrom": "arn:aws:ssm:us-east-1:000000000000:parameter/token"}],
            "healthCheck": {"command": ["CMD-SHELL", "curl -f http://localhost:8080/health || exit 1"], "interval": 10, "retries": 3},
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": format!("/ecs/{name}"), "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web",
            }},
        })
    };
    json!({
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": "arn:aws:iam::000000000000:role/pull",
        "containerDefinitions": (0..containers).map(container).collect::<Vec<_>>(),
    })
}

/// The spec of a service of the task definition of the same name. With more than one container it is as large as services are in
/// practice, but for a load balancer: AWS has no room for the rules of a thousand on one.
pub fn service(name: &str, containers: usize) -> Value {
    let mut spec = json!({
        "clusterRef": {"name": "main"},
        "taskDefinitionRef": {"name": name},
        "launchType": "FARGATE",
        "desiredCount": 1,
        "networkConfiguration": {"awsvpcConfiguration": {
            "subnets": ["subnet-a", "subnet-b"],
            "securityGroups": ["sg-web"],
        }},
    });
    if containers > 1 {
        let tags: serde_json::Map<_, _> = (0..10)
            .map(|n| (format!("tag-{n}"), json!(format!("value {n} of {name}"))))
            .collect();
        let full = json!({
            "tags": tags,
            "platformVersion": "1.4.0",
            "enableECSManagedTags": true,
            "enableExecuteCommand": true,
            "propagateTags": "SERVICE",
            "deploymentConfiguration": {
                "maximumPercent": 200,
                "minimumHealthyPercent": 100,
                "deploymentCircuitBreaker": {"enable": true, "rollback": true, "thresholdConfiguration": {"type": "COUNT", "value": 3}},
                "alarms": {"alarmNames": ["errors", "latency"], "enable": true, "rollback": true},
            },
            "serviceConnectConfiguration": {
                "enabled": true,
                "namespace": "fleet",
                "services": [{"portName": "port-0", "discoveryName": name, "clientAliases": [{"port": 80, "dnsName": name}]}],
                "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "connect", "awslogs-region": "us-east-1"}},
            },
            "serviceRegistries": [{"registryArn": "arn:aws:servicediscovery:us-east-1:000000000000:service/srv-a", "port": 8080}],
        });
        let full = full.as_object().expect("an object").clone();
        spec.as_object_mut().expect("an object").extend(full);
    }
    spec
}

//! Calls of the ECS API in JSON: the request that leaves is exactly the members we give, the answer is exactly what AWS wrote.
//!
//! The SDK signs, sends, times out and reads errors; its typed shapes are not used, so that no member needs a mapping,
//! none is dropped in either direction, and none that AWS adds later is lost. (The SDK's schema codec would fill
//! absent members of answers with zeros and drop unknown ones.)

use std::sync::{Arc, OnceLock};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
            },
            dyn_dispatch_hint,
        },
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use serde_json::Value;

use super::{Aws, AwsError, limits::Bucket};
use crate::model::Members;

/// Puts our JSON into the request before it is signed and keeps the answer's.
#[derive(Clone, Debug)]
struct Wire {
    request: Arc<Vec<u8>>,
    answer: Arc<OnceLock<Value>>,
}

#[dyn_dispatch_hint]
impl Intercept for Wire {
    fn name(&self) -> &'static str {
        "Wire"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request
            .headers_mut()
            .insert("content-length", self.request.len().to_string());
        *request.body_mut() = SdkBody::from(self.request.as_slice());
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(bytes) = context.response().body().bytes()
            && let Ok(answer) = serde_json::from_slice(bytes)
        {
            // An attempt that is repeated answers once at most: failed ones carry no answer.
            let _ = self.answer.set(answer);
        }
        Ok(())
    }
}

/// One row per call: AWS's name, the SDK's method, the bucket that AWS counts it in.
macro_rules! operations {
    ($($operation:ident $method:ident $bucket:ident;)*) => {
        /// A call of the ECS API that the operator makes.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[allow(missing_docs, reason = "AWS's own names")]
        pub enum Operation { $($operation),* }

        impl Operation {
            /// AWS's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$operation => stringify!($operation)),* }
            }

            /// Every call, for the documentation of rights.
            pub const ALL: &[Self] = &[$(Self::$operation),*];

            pub(super) const fn bucket(self) -> Bucket {
                match self { $(Self::$operation => Bucket::$bucket),* }
            }
        }

        async fn send(client: &aws_sdk_ecs::Client, operation: Operation, wire: Wire) -> Result<(), AwsError> {
            match operation {
                $(Operation::$operation => client.$method().customize().interceptor(wire).send().await.map(drop)
                    .map_err(|error| AwsError::new(operation.name(), &error))),*
            }
        }
    };
}

operations! {
    CreateCluster create_cluster EcsClusterModify;
    UpdateCluster update_cluster EcsClusterModify;
    PutClusterCapacityProviders put_cluster_capacity_providers EcsClusterModify;
    DeleteCluster delete_cluster EcsClusterModify;
    DescribeClusters describe_clusters EcsClusterRead;
    ListClusters list_clusters EcsClusterRead;
    RegisterTaskDefinition register_task_definition EcsTaskDefinitionModify;
    DeregisterTaskDefinition deregister_task_definition EcsTaskDefinitionModify;
    DeleteTaskDefinitions delete_task_definitions EcsTaskDefinitionDelete;
    DescribeTaskDefinition describe_task_definition EcsTaskDefinitionRead;
    ListTaskDefinitions list_task_definitions EcsTaskDefinitionRead;
    CreateService create_service EcsServiceModify;
    UpdateService update_service EcsServiceModify;
    DeleteService delete_service EcsServiceModify;
    DescribeServices describe_services EcsServiceRead;
    ListServices list_services EcsServiceRead;
    ListServiceDeployments list_service_deployments EcsServiceDeploymentRead;
    DescribeServiceDeployments describe_service_deployments EcsServiceDeploymentRead;
    ContinueServiceDeployment continue_service_deployment EcsUnlisted;
    DescribeServiceRevisions describe_service_revisions EcsServiceRevisionRead;
    ListTasks list_tasks EcsClusterResourceRead;
    DescribeTasks describe_tasks EcsClusterResourceRead;
    TagResource tag_resource EcsTagModify;
    UntagResource untag_resource EcsTagModify;
}

impl Aws {
    /// One call: waits for its token, sends `input`, returns AWS's answer.
    pub async fn ecs(&self, operation: Operation, input: &Members) -> Result<Value, AwsError> {
        let request = serde_json::to_vec(input)
            .map_err(|error| AwsError::unreadable(operation.name(), error.to_string()))?;
        let wire = Wire {
            request: Arc::new(request),
            answer: Arc::default(),
        };
        let answer = wire.answer.clone();
        self.measured("ecs", operation.name(), operation.bucket(), || {
            send(&self.ecs, operation, wire)
        })
        .await?;
        answer
            .get()
            .cloned()
            .ok_or_else(|| AwsError::unreadable(operation.name(), "AWS's answer is no JSON object"))
    }
}

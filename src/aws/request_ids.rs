//! AWS's request ids, of answers and errors alike, on the spans of calls.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept, context::BeforeDeserializationInterceptorContextRef, dyn_dispatch_hint,
        },
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use tracing::Span;

/// Records the id of each answer on the current span, if somebody traces it.
#[derive(Clone, Copy, Debug)]
pub struct RequestIds;

#[dyn_dispatch_hint]
impl Intercept for RequestIds {
    fn name(&self) -> &'static str {
        "RequestIds"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(id) = context.response().headers().get("x-amzn-requestid") {
            Span::current().record("aws.request_id", id);
        }
        Ok(())
    }
}

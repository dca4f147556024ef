//! The Kubernetes side of a story: what a user does there, and how its objects are.

use kube::{
    Api,
    api::DynamicObject,
    core::{ApiResource, GroupVersionKind},
};
use serde_json::{Value, json};

use super::{World, objects::APPLICATION};

impl World {
    /// `kubectl apply` of several manifests at once.
    pub fn apply(&self, manifests: &[Value]) {
        self.try_apply(manifests)
            .unwrap_or_else(|error| panic!("kubectl apply: {error}"));
    }

    /// `kubectl apply`, with what it says when it is refused.
    pub fn try_apply(&self, manifests: &[Value]) -> Result<String, String> {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": manifests}).to_string();
        self.plane()
            .try_kubectl(&["apply", "-n", &self.namespace, "-f", "-"], &list)
    }

    /// kubectl in the story's namespace.
    pub fn kubectl(&self, args: &[&str]) -> String {
        let mut all = vec!["-n", &self.namespace];
        all.extend(args);
        self.plane().kubectl(&all, "")
    }

    /// kubectl in the story's namespace, with standard input.
    pub fn kubectl_with(&self, args: &[&str], stdin: &str) -> String {
        let mut all = vec!["-n", &self.namespace];
        all.extend(args);
        self.plane().kubectl(&all, stdin)
    }

    /// Sets an annotation that asks for a reconcile now.
    pub fn reconcile_now(&self, kind: &str, name: &str, value: &str) {
        self.kubectl(&[
            "annotate",
            "--overwrite",
            kind,
            name,
            &format!("ecs-operator.dev/reconcile-at={value}"),
        ]);
    }

    /// Objects of a kind.
    pub fn api(&self, kind: &str) -> Api<DynamicObject> {
        let resource =
            ApiResource::from_gvk(&GroupVersionKind::gvk("ecs-operator.dev", "v1alpha1", kind));
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    /// An object as it is now; none: it does not exist.
    pub async fn get(&self, kind: &str, name: &str) -> Option<Value> {
        let object = self
            .api(kind)
            .get_opt(name)
            .await
            .expect("the API server answers");
        object.map(|object| serde_json::to_value(object).expect("JSON"))
    }

    /// Those objects of the application that are there.
    pub async fn application(&self) -> Vec<Value> {
        let mut objects = Vec::new();
        for (kind, name) in APPLICATION {
            objects.extend(self.get(kind, name).await);
        }
        objects
    }

    /// Deletes the application at once, what is used before what uses it, and waits for nothing.
    pub fn delete_application(&self) {
        let names = APPLICATION.map(|(kind, name)| format!("{kind}/{name}"));
        let mut args = vec!["delete", "--wait=false"];
        args.extend(names.iter().map(String::as_str));
        self.kubectl(&args);
    }
}

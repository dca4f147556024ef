package check

import (
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
)

const widgetCRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.GROUP}
spec:
  group: GROUP
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              min: {type: integer}
              max: {type: integer}
              list:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items: {type: object, required: [name], properties: {name: {type: string}, value: {type: integer}}}
            x-kubernetes-validations:
            - rule: "!has(self.min) || !has(self.max) || self.min <= self.max"
              message: min must not exceed max
          status: {type: object, properties: {phase: {type: string}}}
`

// widgets defines the kind Widget in a group of its own, and returns its client in a namespace.
func widgets(t *testing.T, group, namespace string) dynamic.ResourceInterface {
	t.Helper()
	if said, err := shared.kubectl(strings.ReplaceAll(widgetCRD, "GROUP", group), "apply", "-f", "-"); err != nil {
		t.Fatal(said)
	}
	if said, err := shared.kubectl("", "wait", "--for=condition=Established", "crd/widgets."+group, "--timeout=60s"); err != nil {
		t.Fatal(said)
	}
	t.Cleanup(func() { _, _ = shared.kubectl("", "delete", "crd", "widgets."+group, "--wait=false") })
	client := shared.dynamic().Resource(schema.GroupVersionResource{Group: group, Version: "v1", Resource: "widgets"}).Namespace(namespace)
	eventually(t, "the new kind is served", func() bool {
		_, err := client.List(t.Context(), metav1.ListOptions{})
		return err == nil
	})
	return client
}

// widget is an object of that kind; owner may be nil.
func widget(group, name string, owner *metav1.OwnerReference, fields map[string]any) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{}}
	for field, value := range fields {
		object.Object[field] = value
	}
	object.SetAPIVersion(group + "/v1")
	object.SetKind("Widget")
	object.SetName(name)
	if owner != nil {
		object.SetOwnerReferences([]metav1.OwnerReference{*owner})
	}
	return object
}

func TestCustomResources(t *testing.T) {
	t.Parallel()
	const group = "resources.check.test"
	client := widgets(t, group, newNamespace(t, nil))
	object := must[*unstructured.Unstructured](t)

	events := must[watch.Interface](t)(client.Watch(t.Context(), metav1.ListOptions{}))
	defer events.Stop()
	created := object(client.Create(t.Context(), widget(group, "first", nil, map[string]any{
		"spec": map[string]any{"min": int64(1), "max": int64(3)}, "status": map[string]any{"phase": "Ignored"},
	}), metav1.CreateOptions{}))
	if _, found := created.Object["status"]; found {
		t.Error("a status given at creation was kept")
	}

	updated := object(client.Patch(t.Context(), "first", types.MergePatchType,
		[]byte(`{"status":{"phase":"Up"},"spec":{"min":2}}`), metav1.PatchOptions{}, "status"))
	phase, _, _ := unstructured.NestedString(updated.Object, "status", "phase")
	least, _, _ := unstructured.NestedInt64(updated.Object, "spec", "min")
	if phase != "Up" || least != 1 || updated.GetGeneration() != 1 {
		t.Errorf("a patch of the status should write the status and nothing else, but the object is %v", updated.Object)
	}

	_, err := client.Patch(t.Context(), "first", types.MergePatchType, []byte(`{"spec":{"min":9}}`), metav1.PatchOptions{})
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "min must not exceed max") {
		t.Errorf("the CEL rule should refuse the patch, but: %v", err)
	}

	for _, expected := range []watch.EventType{watch.Added, watch.Modified} {
		if event := <-events.ResultChan(); event.Type != expected {
			t.Errorf("the watch should say %s, not %s", expected, event.Type)
		}
	}
}

func TestServerSideApply(t *testing.T) {
	t.Parallel()
	const group = "apply.check.test"
	client := widgets(t, group, newNamespace(t, nil))
	apply := func(manager, name string, spec map[string]any) (*unstructured.Unstructured, error) {
		spec["list"] = []any{map[string]any{"name": name}}
		return client.Apply(t.Context(), "both", widget(group, "both", nil, map[string]any{"spec": spec}), metav1.ApplyOptions{FieldManager: manager})
	}
	must[*unstructured.Unstructured](t)(apply("a", "ax", map[string]any{"min": int64(1)}))
	merged := must[*unstructured.Unstructured](t)(apply("b", "bx", map[string]any{}))
	if list, _, _ := unstructured.NestedSlice(merged.Object, "spec", "list"); len(list) != 2 {
		t.Errorf("the entries of both managers should be there, but there are %v", list)
	}
	_, err := apply("b", "bx", map[string]any{"min": int64(2)})
	if !apierrors.IsConflict(err) || !strings.Contains(err.Error(), `conflict with "a"`) {
		t.Errorf("another manager's field should be refused, but: %v", err)
	}
}

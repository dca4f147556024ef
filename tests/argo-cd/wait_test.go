package argocd

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// flips is how often the spec changes before somebody waits for it.
const flips = 100

// A pipeline applies and waits: what it goes on with must be what it applied, not what was Ready before.
func TestKubectlWaitReturnsOnceTheNewSpecIsReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	manifests := examples(t)["quickstart"]
	cluster := manifests[slices.IndexFunc(manifests, func(each *unstructured.Unstructured) bool { return each.GetKind() == "EcsCluster" })]
	cluster = targets(t, []*unstructured.Unstructured{cluster}, w.namespace)[0]
	newEngine(t, w.plane).sync(t, []*unstructured.Unstructured{cluster}, false)
	w.untilReady(cluster)
	for flip := range flips {
		value := []string{"enabled", "disabled"}[flip%2]
		patch := fmt.Sprintf(`{"spec":{"settings":[{"name":"containerInsights","value":"%s"}]}}`, value)
		patched := must[*unstructured.Unstructured](t)(w.resource("EcsCluster").Patch(t.Context(), cluster.GetName(), types.MergePatchType, []byte(patch), metav1.PatchOptions{}))
		must[string](t)(w.kubectl("", "wait", "-n", w.namespace, "--for=condition=Ready", "--timeout=60s", "ecscluster/"+cluster.GetName()))
		live := w.live(cluster)
		if observed, _, _ := unstructured.NestedInt64(live.Object, "status", "observedGeneration"); observed != patched.GetGeneration() {
			t.Fatalf("flip %d: kubectl wait returned for generation %d, not %d", flip, observed, patched.GetGeneration())
		}
		if found := w.insights(live); found != value {
			t.Fatalf("flip %d: kubectl wait returned while AWS had containerInsights %q, not %q", flip, found, value)
		}
	}
	w.delete([]*unstructured.Unstructured{cluster})
}

// insights is what AWS has for a cluster's setting containerInsights.
func (w *world) insights(cluster *unstructured.Unstructured) string {
	w.t.Helper()
	arn, _, _ := unstructured.NestedString(cluster.Object, "status", "arn")
	answer := w.ask("ecs", "DescribeClusters", map[string]any{"clusters": []string{arn}, "include": []string{"SETTINGS"}})
	found, _, _ := unstructured.NestedSlice(answer, "clusters")
	settings, _, _ := unstructured.NestedSlice(found[0].(map[string]any), "settings")
	for _, setting := range settings {
		if setting := setting.(map[string]any); setting["name"] == "containerInsights" {
			return setting["value"].(string)
		}
	}
	return ""
}

// Nobody has to order a deletion: the three objects go in each of the six orders, all sets at once.
func TestPruneInAnyOrderRemovesEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := newEngine(t, w.plane)
	orders := [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
	var sets [][]*unstructured.Unstructured
	for index := range orders {
		set := targets(t, renamed(t, examples(t)["quickstart"], strconv.Itoa(index)), w.namespace)
		e.sync(t, set, true)
		sets = append(sets, set)
	}
	for _, set := range sets {
		w.untilReady(set...)
	}
	for step := range 3 {
		for index, order := range orders {
			object := sets[index][order[step]]
			if err := w.resource(object.GetKind()).Delete(t.Context(), object.GetName(), metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, set := range sets {
		w.untilGone(set...)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("AWS still has:\n%s", pretty(left))
	}
}

// renamed are the quickstart's objects under other names, with their references and their path.
func renamed(t *testing.T, manifests []*unstructured.Unstructured, suffix string) (all []*unstructured.Unstructured) {
	t.Helper()
	set := func(object *unstructured.Unstructured, value any, path ...string) {
		if err := unstructured.SetNestedField(object.Object, value, path...); err != nil {
			t.Fatal(err)
		}
	}
	for _, manifest := range manifests {
		object := manifest.DeepCopy()
		object.SetName(object.GetName() + suffix)
		if object.GetKind() == "EcsService" {
			for _, reference := range []string{"clusterRef", "taskDefinitionRef"} {
				name, _, _ := unstructured.NestedString(object.Object, "spec", reference, "name")
				set(object, name+suffix, "spec", reference, "name")
			}
			balancers, _, _ := unstructured.NestedSlice(object.Object, "spec", "loadBalancers")
			rule := balancers[0].(map[string]any)["targetGroup"].(map[string]any)["rules"].([]any)[0].(map[string]any)
			rule["conditions"] = []any{map[string]any{"pathPatternConfig": map[string]any{"values": []any{"/" + suffix}}}}
			set(object, balancers, "spec", "loadBalancers")
		}
		all = append(all, object)
	}
	return all
}

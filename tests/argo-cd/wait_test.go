package argocd

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/kubectl/pkg/cmd/wait"
)

// flips is how often the spec changes before somebody waits for it.
const flips = 100

// A pipeline applies and waits: what it goes on with must be what it applied, not what was Ready before.
func TestKubectlWaitReturnsOnceTheNewSpecIsReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cluster := targets(t, []*unstructured.Unstructured{one(t, examples(t)["quickstart"], "EcsCluster")}, w.namespace)[0]
	newEngine(t, w.plane).sync(t, []*unstructured.Unstructured{cluster}, false)
	w.untilReady(cluster)
	kubectl := w.asKubectl()
	for flip := range flips {
		value := []string{"enabled", "disabled"}[flip%2]
		live := w.flip(kubectl, cluster, fmt.Sprintf(`{"spec":{"settings":[{"name":"containerInsights","value":"%s"}]}}`, value))
		if found := w.insights(live); found != value {
			t.Fatalf("flip %d: kubectl wait returned while AWS had containerInsights %q, not %q", flip, found, value)
		}
	}
	w.delete([]*unstructured.Unstructured{cluster})
}

// The same for what takes its time in AWS: tasks that start and stop.
func TestKubectlWaitReturnsOnceTheServiceRunsAsDeclared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := targets(t, examples(t)["quickstart"], w.namespace)
	newEngine(t, w.plane).sync(t, all, false)
	w.untilReady(all...)
	service := one(t, all, "EcsService")
	kubectl := w.asKubectl()
	for flip := range flips {
		count, propagated := []int{3, 2}[flip%2], []string{"SERVICE", "TASK_DEFINITION"}[flip/2%2]
		live := w.flip(kubectl, service, fmt.Sprintf(`{"spec":{"desiredCount":%d,"propagateTags":"%s"}}`, count, propagated))
		arn, _, _ := unstructured.NestedString(live.Object, "status", "arn")
		answer := w.ask("ecs", "DescribeServices", map[string]any{"cluster": w.namespace + "-main", "services": []string{arn}})
		found, _, _ := unstructured.NestedSlice(answer, "services")
		expected := map[string]any{"desiredCount": count, "runningCount": count, "pendingCount": 0, "propagateTags": propagated}
		for member, value := range expected {
			if found := found[0].(map[string]any)[member]; fmt.Sprint(found) != fmt.Sprint(value) {
				t.Fatalf("flip %d: kubectl wait returned while AWS had %s %v, not %v", flip, member, found, value)
			}
		}
	}
	w.delete(all)
}

// flip changes a Ready object's spec, waits for it as kubectl does, and returns it; fails if it is Ready for another spec.
func (w *world) flip(as genericclioptions.RESTClientGetter, object *unstructured.Unstructured, patch string) *unstructured.Unstructured {
	w.t.Helper()
	patched := must[*unstructured.Unstructured](w.t)(w.resource(object.GetKind()).Patch(w.t.Context(), object.GetName(), types.MergePatchType, []byte(patch), metav1.PatchOptions{}))
	w.untilCached(patched)
	flags := wait.NewWaitFlags(as, genericiooptions.NewTestIOStreamsDiscard())
	flags.ForCondition, flags.Timeout = []string{"condition=Ready"}, patience
	command := must[*wait.WaitOptions](w.t)(flags.ToOptions([]string{strings.ToLower(object.GetKind()) + "/" + object.GetName()}))
	if err := command.RunWait(); err != nil {
		w.t.Fatalf("kubectl wait: %v: %s: %s", err, patch, conditions(w.live(object)))
	}
	live := w.live(object)
	if observed, _, _ := unstructured.NestedInt64(live.Object, "status", "observedGeneration"); observed != patched.GetGeneration() {
		w.t.Fatalf("kubectl wait returned for generation %d, not %d: %s", observed, patched.GetGeneration(), patch)
	}
	return live
}

// untilCached waits until the API server's watch cache has an object as it was patched. kubectl wait begins with a list of that
// cache (resource version 0), which may be some milliseconds behind: what no condition of an object can make up for, and what
// the start of a program takes longer than.
func (w *world) untilCached(patched *unstructured.Unstructured) {
	w.t.Helper()
	cached := metav1.ListOptions{ResourceVersion: "0", FieldSelector: "metadata.name=" + patched.GetName()}
	eventually(w.t, "the API server's cache has the patch", func() (bool, string) {
		found := must[*unstructured.UnstructuredList](w.t)(w.resource(patched.GetKind()).List(w.t.Context(), cached))
		return len(found.Items) == 1 && found.Items[0].GetGeneration() >= patched.GetGeneration(), pretty(found.Items)
	})
}

// asKubectl is what kubectl's commands know of the world. They run in this process: a program for each takes four times the CPU.
func (w *world) asKubectl() genericclioptions.RESTClientGetter {
	cache := filepath.Join(scratch, w.namespace+"-cache")
	flags := genericclioptions.NewConfigFlags(true)
	flags.KubeConfig, flags.Namespace, flags.CacheDir = &w.kubeconfig, &w.namespace, &cache
	return flags
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

// Nobody has to order a deletion: the three objects go in each of the six orders, all sets at once, and one only when the
// operator has answered the deletion of the one before.
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
		var deleted []*unstructured.Unstructured
		for index, order := range orders {
			object := sets[index][order[step]]
			w.prune(object)
			deleted = append(deleted, object)
		}
		w.untilAll("is gone, or waits to go", deleted, func(live *unstructured.Unstructured) bool {
			return live == nil || slices.Contains([]any{"DeletionBlocked", "Draining"}, condition(live, "Ready")["reason"])
		})
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
	for _, manifest := range manifests {
		object := manifest.DeepCopy()
		object.SetName(object.GetName() + suffix)
		if object.GetKind() == "EcsService" {
			for _, reference := range []string{"clusterRef", "taskDefinitionRef"} {
				name, _, _ := unstructured.NestedString(object.Object, "spec", reference, "name")
				set(t, object, name+suffix, "spec", reference, "name")
			}
			balancers, _, _ := unstructured.NestedSlice(object.Object, "spec", "loadBalancers")
			rule := balancers[0].(map[string]any)["targetGroup"].(map[string]any)["rules"].([]any)[0].(map[string]any)
			rule["conditions"] = []any{map[string]any{"pathPatternConfig": map[string]any{"values": []any{"/" + suffix}}}}
			set(t, object, balancers, "spec", "loadBalancers")
		}
		all = append(all, object)
	}
	return all
}

package argocd

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

// written judges an object as the operator and the API server wrote it: Argo CD's health is what the conditions mean, which
// are such as the operator writes, and kstatus agrees.
func written(object *unstructured.Unstructured, with map[string]v1alpha1.ResourceOverride) (health.HealthStatusCode, error) {
	argo, err := healthBy(object, with)
	if err != nil {
		return "", err
	}
	kstatus, err := status.Compute(object)
	if err != nil {
		return "", err
	}
	state := stateOf(object)
	var wrong []error
	if argo.Status != state.expected() {
		wrong = append(wrong, fmt.Errorf("Argo CD says %+v, not %s", *argo, state.expected()))
	}
	if !state.isTheOperators() {
		wrong = append(wrong, errors.New("the operator should write no such conditions"))
	}
	if !slices.Contains(state.inKstatus(argo.Status), kstatus.Status) {
		wrong = append(wrong, fmt.Errorf("Argo CD says %s, but kstatus %s", argo.Status, kstatus.Status))
	}
	if wrong != nil {
		wrong = append(wrong, errors.New(pretty(object.Object)))
	}
	return argo.Status, errors.Join(wrong...)
}

// judge watches the world's objects until the test ends, and fails it where one is written that is not as it should be.
func (w *world) judge() {
	w.t.Helper()
	with := overrides(w.t)
	ctx, end := context.WithCancel(context.Background())
	var judges sync.WaitGroup
	for _, kind := range kinds(w.t) {
		// One that does not begin at all would judge nothing.
		events := must[watch.Interface](w.t)(w.resource(kind).Watch(ctx, metav1.ListOptions{}))
		judges.Go(func() {
			for err := error(nil); ctx.Err() == nil; events, err = w.resource(kind).Watch(ctx, metav1.ListOptions{}) {
				if err != nil {
					continue
				}
				for event := range events.ResultChan() {
					object, isObject := event.Object.(*unstructured.Unstructured)
					if !isObject || event.Type == watch.Error {
						break // A busy machine breaks connections. The next watch begins with what there is.
					}
					if _, err := written(object, with); err != nil {
						w.t.Errorf("%s %s was %s: %v", kind, object.GetName(), event.Type, err)
					}
				}
				events.Stop()
			}
		})
	}
	w.t.Cleanup(func() {
		end()
		judges.Wait()
	})
}

// The story suite records every object that it waits for, whenever it changes: tests/stories/harness/recording.rs.
func TestHealthIsRightForWhatTheStoriesRecorded(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("RECORDED_OBJECTS")
	if folder == "" {
		t.Skip("RECORDED_OBJECTS names no folder; make test has it after the stories")
	}
	with := overrides(t)
	counted := map[string]map[health.HealthStatusCode]int{}
	for _, file := range must[[]string](t)(filepath.Glob(filepath.Join(folder, "*.jsonl"))) {
		recorded := must[*os.File](t)(os.Open(file))
		lines := bufio.NewScanner(recorded)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			object := &unstructured.Unstructured{}
			if err := object.UnmarshalJSON(lines.Bytes()); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			found, err := written(object, with)
			if err != nil {
				t.Errorf("%s: %v", filepath.Base(file), err)
			}
			if counted[object.GetKind()] == nil {
				counted[object.GetKind()] = map[health.HealthStatusCode]int{}
			}
			counted[object.GetKind()][found]++
		}
		if lines.Err() != nil {
			t.Errorf("%s: %v", file, lines.Err())
		}
		_ = recorded.Close()
	}
	for _, kind := range kinds(t) {
		for _, each := range []health.HealthStatusCode{health.HealthStatusHealthy, health.HealthStatusDegraded, health.HealthStatusProgressing} {
			if counted[kind][each] == 0 {
				t.Errorf("no recorded %s is %s: the stories are not recorded, or have none", kind, each)
			}
		}
	}
	if counted["EcsService"][health.HealthStatusSuspended] == 0 {
		t.Error("no recorded EcsService is Suspended: the stories are not recorded, or have none")
	}
	t.Logf("%v", counted)
}

// stateOf reads a live object's state, with its generations moved to the matrix's.
func stateOf(object *unstructured.Unstructured) state {
	relative := func(value any) any {
		found, ok := value.(int64)
		if !ok {
			return nil
		}
		if found == -1 {
			return found
		}
		return found - object.GetGeneration() + generation
	}
	suspend, _, _ := unstructured.NestedFieldNoCopy(object.Object, "spec", "suspend")
	observed, _, _ := unstructured.NestedFieldNoCopy(object.Object, "status", "observedGeneration")
	found := state{deleting: object.GetDeletionTimestamp() != nil, suspend: suspend, observed: relative(observed)}
	var conditions []struct {
		Type, Status       string
		ObservedGeneration int64
	}
	list, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	encoded, _ := json.Marshal(list)
	_ = json.Unmarshal(encoded, &conditions)
	for _, each := range conditions {
		found.conditions = append(found.conditions, word{each.Type, each.Status})
		// The oldest counts.
		spoken := relative(each.ObservedGeneration)
		if found.spoken == nil || spoken.(int64) < found.spoken.(int64) {
			found.spoken = spoken
		}
	}
	return found
}

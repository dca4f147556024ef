package argocd

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

const (
	generation = int64(3)
	older      = int64(2)
	absent     = ""
)

// state is one cell of the matrix: all of an object that says how it is.
type state struct {
	deleting   bool
	suspend    any    // spec.suspend; nil: absent
	observed   any    // status.observedGeneration; nil: absent
	spoken     any    // the conditions' observedGeneration; nil: absent
	conditions []word // in the status's order
}

// word is one condition.
type word struct{ condition, status string }

// object is one that is in this state.
func (s state) object(kind string) *unstructured.Unstructured {
	metadata := map[string]any{"name": "web", "namespace": "shop", "generation": generation}
	if s.deleting {
		metadata["deletionTimestamp"] = "2026-03-04T05:06:07Z"
		metadata["finalizers"] = []any{"ecs-operator.dev/finalizer"}
	}
	spec := map[string]any{}
	if s.suspend != nil {
		spec["suspend"] = s.suspend
	}
	object := map[string]any{"apiVersion": "ecs-operator.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
	about := map[string]any{}
	if s.observed != nil {
		about["observedGeneration"] = s.observed
	}
	var conditions []any
	for _, each := range s.conditions {
		condition := map[string]any{"type": each.condition, "status": each.status, "reason": "Because", "message": "it is so", "lastTransitionTime": "2026-03-04T05:06:07Z"}
		if s.spoken != nil {
			condition["observedGeneration"] = s.spoken
		}
		conditions = append(conditions, condition)
	}
	if conditions != nil {
		about["conditions"] = conditions
	}
	if len(about) > 0 {
		object["status"] = about
	}
	return &unstructured.Unstructured{Object: object}
}

// says is a condition's status; absent: there is none.
func (s state) says(condition string) string {
	for _, each := range s.conditions {
		if each.condition == condition {
			return each.status
		}
	}
	return absent
}

// expected is the contract in one place: what the specification of the conditions says of the state.
func (s state) expected() health.HealthStatusCode {
	isOfSpec := s.observed == generation && (len(s.conditions) == 0 || s.spoken == generation)
	switch {
	case s.deleting:
		return health.HealthStatusProgressing
	case s.suspend == true:
		return health.HealthStatusSuspended
	case !isOfSpec:
		return health.HealthStatusProgressing
	case s.says("Stalled") == "True":
		return health.HealthStatusDegraded
	case s.says("Reconciling") != "True" && s.says("Ready") == "True":
		return health.HealthStatusHealthy
	default:
		return health.HealthStatusProgressing
	}
}

// isTheOperators says whether the operator writes such a state: Ready always, at most one of the others and only while
// True, every generation the same; status.observedGeneration is there from the first moment, by the schema.
func (s state) isTheOperators() bool {
	if s.observed == int64(-1) {
		return len(s.conditions) == 0
	}
	whileTrue := func(condition string) bool { return s.says(condition) == absent || s.says(condition) == "True" }
	return s.observed != nil && s.observed == s.spoken && s.says("Ready") != absent && whileTrue("Stalled") && whileTrue("Reconciling") &&
		(s.says("Stalled") == absent || s.says("Reconciling") == absent)
}

// matrix is every state that a reader can meet, of this operator or of a worse one.
func matrix() (states []state) {
	statuses := []string{absent, "True", "False", "Unknown"}
	for _, ready := range statuses {
		for _, reconciling := range statuses {
			for _, stalled := range statuses {
				var conditions []word
				for _, each := range []word{{"Ready", ready}, {"Reconciling", reconciling}, {"Stalled", stalled}} {
					if each.status != absent {
						conditions = append(conditions, each)
					}
				}
				backwards := slices.Clone(conditions)
				slices.Reverse(backwards)
				for _, conditions := range [][]word{conditions, backwards} {
					for _, deleting := range []bool{false, true} {
						for _, suspend := range []any{nil, false, true} {
							for _, observed := range []any{nil, int64(-1), older, generation, generation + 1} {
								for _, spoken := range []any{nil, older, generation} {
									states = append(states, state{deleting, suspend, observed, spoken, conditions})
								}
							}
						}
					}
				}
			}
		}
	}
	return states
}

// kstatusOf is what Flux and every other user of kstatus think of an object.
func kstatusOf(t *testing.T, object *unstructured.Unstructured) status.Status {
	t.Helper()
	return must[*status.Result](t)(status.Compute(object)).Status
}

// inKstatus are the words of kstatus for Argo CD's.
var inKstatus = map[health.HealthStatusCode][]status.Status{
	health.HealthStatusHealthy:     {status.CurrentStatus},
	health.HealthStatusDegraded:    {status.FailedStatus},
	health.HealthStatusProgressing: {status.InProgressStatus, status.TerminatingStatus},
}

func TestHealthFollowsTheConditionsOverTheWholeMatrix(t *testing.T) {
	with := overrides(t)
	kinds := kinds(t)
	states := matrix()
	for index, state := range states {
		object := state.object(kinds[index%len(kinds)])
		if found := healthOf(t, object, with); found.Status != state.expected() || found.Message == "" {
			t.Errorf("%+v, not %s:\n%s", *found, state.expected(), pretty(object.Object))
		}
	}
	t.Logf("%d states", len(states))
}

func TestNothingIsHealthyBeforeItsSpecWasObserved(t *testing.T) {
	with := overrides(t)
	for _, state := range matrix() {
		object := state.object("EcsService")
		isObserved := state.observed == generation && state.spoken == generation
		if !isObserved && healthOf(t, object, with).Status == health.HealthStatusHealthy {
			t.Errorf("Healthy:\n%s", pretty(object.Object))
		}
	}
}

func TestKstatusAgreesWithArgoCD(t *testing.T) {
	with := overrides(t)
	agreed := map[health.HealthStatusCode]int{}
	for _, state := range matrix() {
		object := state.object("EcsService")
		argo, kstatus := healthOf(t, object, with).Status, kstatusOf(t, object)
		// kstatus knows no suspension, and believes conditions that speak of an older spec: there Argo CD says less.
		if argo == health.HealthStatusHealthy && kstatus != status.CurrentStatus {
			t.Errorf("Healthy, but %s:\n%s", kstatus, pretty(object.Object))
		}
		if state.isTheOperators() && argo != health.HealthStatusSuspended {
			agreed[argo]++
			if !slices.Contains(inKstatus[argo], kstatus) {
				t.Errorf("%s, but %s:\n%s", argo, kstatus, pretty(object.Object))
			}
		}
	}
	for _, each := range []health.HealthStatusCode{health.HealthStatusHealthy, health.HealthStatusDegraded, health.HealthStatusProgressing} {
		if agreed[each] == 0 {
			t.Errorf("the matrix has no %s state that the operator writes", each)
		}
	}
}

// The story suite records every object that it waits for, whenever it changes: tests/stories/harness/recording.rs.
func TestHealthIsRightForWhatTheStoriesRecorded(t *testing.T) {
	folder := os.Getenv("RECORDED_OBJECTS")
	if folder == "" {
		t.Skip("RECORDED_OBJECTS names no folder; make test has it after the stories")
	}
	with := overrides(t)
	counted := map[health.HealthStatusCode]int{}
	for _, file := range must[[]string](t)(filepath.Glob(filepath.Join(folder, "*.jsonl"))) {
		lines := bufio.NewScanner(must[*os.File](t)(os.Open(file)))
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			object := &unstructured.Unstructured{}
			if err := object.UnmarshalJSON(lines.Bytes()); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			state := stateOf(object)
			found := healthOf(t, object, with)
			counted[found.Status]++
			if found.Status != state.expected() {
				t.Errorf("%s: %+v, not %s:\n%s", filepath.Base(file), *found, state.expected(), pretty(object.Object))
			}
			if !state.isTheOperators() {
				t.Errorf("%s: the operator should write no such conditions:\n%s", filepath.Base(file), pretty(object.Object))
			}
			if kstatus := kstatusOf(t, object); found.Status != health.HealthStatusSuspended && !slices.Contains(inKstatus[found.Status], kstatus) {
				t.Errorf("%s: %s, but kstatus says %s:\n%s", filepath.Base(file), found.Status, kstatus, pretty(object.Object))
			}
		}
		if lines.Err() != nil {
			t.Errorf("%s: %v", file, lines.Err())
		}
	}
	for _, each := range []health.HealthStatusCode{health.HealthStatusHealthy, health.HealthStatusDegraded, health.HealthStatusProgressing, health.HealthStatusSuspended} {
		if counted[each] == 0 {
			t.Errorf("no recorded object is %s: the stories are not recorded", each)
		}
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

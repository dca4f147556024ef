package argocd

import (
	"slices"
	"sync"
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
	laggard    string // the one condition that speaks of an older spec than the others; empty: none
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
		if s.laggard == each.condition {
			condition["observedGeneration"] = older
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
	isOfSpec := s.observed == generation && (len(s.conditions) == 0 || s.spoken == generation && s.laggard == "")
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
// True, and none of them about what is suspended, every generation the same; status.observedGeneration is there from the first
// moment, by the schema.
func (s state) isTheOperators() bool {
	if s.observed == int64(-1) {
		return len(s.conditions) == 0
	}
	if s.suspend == true && s.observed == generation && !s.deleting && (s.says("Stalled") != absent || s.says("Reconciling") != absent) {
		return false
	}
	whileTrue := func(condition string) bool { return s.says(condition) == absent || s.says(condition) == "True" }
	return s.observed != nil && s.observed == s.spoken && s.laggard == "" && s.says("Ready") != absent && whileTrue("Stalled") && whileTrue("Reconciling") &&
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
									for _, laggard := range append([]word{{}}, conditions...) {
										if laggard.condition == "" || spoken == generation {
											states = append(states, state{deleting, suspend, observed, spoken, laggard.condition, conditions})
										}
									}
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

// inKstatus are the words of kstatus for Argo CD's. It knows no suspension: what was Ready when it was suspended is Current.
func (s state) inKstatus(argo health.HealthStatusCode) []status.Status {
	switch {
	case argo == health.HealthStatusHealthy:
		return []status.Status{status.CurrentStatus}
	case argo == health.HealthStatusDegraded:
		return []status.Status{status.FailedStatus}
	case argo == health.HealthStatusSuspended && s.observed == generation && s.says("Ready") == "True":
		return []status.Status{status.CurrentStatus}
	case argo == health.HealthStatusSuspended:
		return []status.Status{status.InProgressStatus}
	default:
		return []status.Status{status.InProgressStatus, status.TerminatingStatus}
	}
}

// cell is a state of the matrix, and what both readers say of it.
type cell struct {
	state
	object  *unstructured.Unstructured
	argo    health.HealthStatus
	kstatus status.Status
}

var matrixRead struct {
	sync.Once
	cells []cell
}

// cells are the matrix, read once for all tests. The kinds have the same script, and take turns.
func cells(t *testing.T) []cell {
	t.Helper()
	matrixRead.Do(func() {
		with, kinds := overrides(t), kinds(t)
		for index, state := range matrix() {
			object := state.object(kinds[index%len(kinds)])
			matrixRead.cells = append(matrixRead.cells, cell{state, object, *healthOf(t, object, with), kstatusOf(t, object)})
		}
	})
	if len(matrixRead.cells) < len(matrix()) {
		t.Fatal("the matrix could not be read: another test says why")
	}
	return matrixRead.cells
}

func TestHealthFollowsTheConditionsOverTheWholeMatrix(t *testing.T) {
	t.Parallel()
	for _, cell := range cells(t) {
		if cell.argo.Status != cell.expected() || cell.argo.Message == "" {
			t.Errorf("%+v, not %s:\n%s", cell.argo, cell.expected(), pretty(cell.object.Object))
		}
	}
	t.Logf("%d states", len(cells(t)))
}

func TestNothingIsHealthyBeforeItsSpecWasObserved(t *testing.T) {
	t.Parallel()
	for _, cell := range cells(t) {
		isObserved := cell.observed == generation && cell.spoken == generation && cell.laggard == ""
		if !isObserved && cell.argo.Status == health.HealthStatusHealthy {
			t.Errorf("Healthy:\n%s", pretty(cell.object.Object))
		}
	}
}

func TestKstatusAgreesWithArgoCD(t *testing.T) {
	t.Parallel()
	agreed := map[health.HealthStatusCode]int{}
	for _, cell := range cells(t) {
		argo := cell.argo.Status
		// kstatus believes conditions that speak of an older spec: there Argo CD says less.
		if argo == health.HealthStatusHealthy && cell.kstatus != status.CurrentStatus {
			t.Errorf("Healthy, but %s:\n%s", cell.kstatus, pretty(cell.object.Object))
		}
		if cell.isTheOperators() {
			agreed[argo]++
			if !slices.Contains(cell.inKstatus(argo), cell.kstatus) {
				t.Errorf("%s, but %s:\n%s", argo, cell.kstatus, pretty(cell.object.Object))
			}
		}
	}
	for _, each := range []health.HealthStatusCode{health.HealthStatusHealthy, health.HealthStatusDegraded, health.HealthStatusProgressing, health.HealthStatusSuspended} {
		if agreed[each] == 0 {
			t.Errorf("the matrix has no %s state that the operator writes", each)
		}
	}
}

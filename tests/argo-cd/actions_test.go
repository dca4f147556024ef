package argocd

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	jsonpatch "github.com/evanphx/json-patch"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// answer is the annotation that answers a deployment which waits.
const answer = "ecs-operator.dev/deployment-action"

// offers are the actions whose buttons Argo CD shows of a live object, by name: whether they can be pressed.
func (e *engine) offers(t *testing.T, live *unstructured.Unstructured) map[string]bool {
	t.Helper()
	vm := lua.VM{ResourceOverrides: e.with}
	found := map[string]bool{}
	for _, action := range must[[]v1alpha1.ResourceAction](t)(vm.ExecuteResourceActionDiscovery(live, must[[]string](t)(vm.GetResourceActionDiscovery(live)))) {
		found[action.Name] = !action.Disabled
	}
	return found
}

// patchOf is the merge patch that Argo CD's API server makes of what an action's script did to a live object.
func (e *engine) patchOf(t *testing.T, live *unstructured.Unstructured, action string) []byte {
	t.Helper()
	after := must[*unstructured.Unstructured](t)(act(lua.VM{ResourceOverrides: e.with}, live, action))
	encode := func(object *unstructured.Unstructured) []byte { return must[[]byte](t)(object.MarshalJSON()) }
	return must[[]byte](t)(jsonpatch.CreateMergePatch(encode(live), encode(after)))
}

// press presses an action's button, if Argo CD offers it, and does what its API server then does.
func (w *world) press(e *engine, target *unstructured.Unstructured, action string) {
	w.t.Helper()
	live := w.live(target)
	if offers := e.offers(w.t, live); !offers[action] {
		w.t.Fatalf("%s of %s %s can't be pressed: %v", action, target.GetKind(), target.GetName(), offers)
	}
	patch := e.patchOf(w.t, live, action)
	_, err := e.kubectl.PatchResource(w.t.Context(), w.config, live.GroupVersionKind(), live.GetName(), live.GetNamespace(), types.MergePatchType, patch)
	if err != nil {
		w.t.Fatalf("%s: %v: %s", action, err, patch)
	}
}

// buttonsChangeOneMember fails where an action that is offered would change another member of a live object than its own:
// scripts get and give back all of it, through Lua, which knows neither integers nor empty lists.
func (e *engine) buttonsChangeOneMember(t *testing.T, w *world, targets []*unstructured.Unstructured) {
	t.Helper()
	own := map[string]string{
		"reconcile": "metadata annotations ecs-operator.dev/reconcile-at",
		"restart":   "metadata annotations ecs-operator.dev/restarted-at",
		"suspend":   "spec suspend",
	}
	for _, target := range targets {
		live := w.live(target)
		for action, offered := range e.offers(t, live) {
			if !offered {
				continue
			}
			var patch map[string]any
			decode(t, e.patchOf(t, live, action), &patch)
			if found := leaves("", patch); !slices.Equal(found, []string{own[action]}) {
				t.Errorf("%s of %s %s changes %q, not %q", action, target.GetKind(), target.GetName(), found, own[action])
			}
		}
	}
}

// leaves are the paths to the values of a patch.
func leaves(path string, patch map[string]any) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		if inner, isMap := patch[name].(map[string]any); isMap && len(inner) > 0 {
			all = append(all, leaves(path+name+" ", inner)...)
		} else {
			all = append(all, path+name)
		}
	}
	return all
}

// one is the only object of a kind.
func one(t *testing.T, all []*unstructured.Unstructured, kind string) *unstructured.Unstructured {
	t.Helper()
	isNot := func(each *unstructured.Unstructured) bool { return each.GetKind() != kind }
	found := slices.DeleteFunc(slices.Clone(all), isNot)
	if len(found) != 1 {
		t.Fatalf("%d objects are %s", len(found), kind)
	}
	return found[0]
}

// set changes a member of an object.
func set(t *testing.T, object *unstructured.Unstructured, value any, path ...string) {
	t.Helper()
	if err := unstructured.SetNestedField(object.Object, value, path...); err != nil {
		t.Fatal(err)
	}
}

// A person presses buttons in Argo CD; what Git does not declare is not taken back. The operator does not look by itself
// here: what it does, it does because of the button.
func TestActionsWorkWithoutADifference(t *testing.T) {
	t.Parallel()
	w := newWorldWatched(t, "1h")
	e := newEngine(t, w.plane)
	all := targets(t, examples(t)["quickstart"], w.namespace)
	e.sync(t, all, false)
	w.untilReady(all...)
	cluster, service := one(t, all, "EcsCluster"), one(t, all, "EcsService")

	before, old := w.now(), w.tasks()
	w.press(e, service, "restart")
	eventually(t, "all tasks are new", func() (bool, string) {
		tasks := w.tasks()
		isOld := func(task string) bool { return slices.Contains(old, task) }
		return len(tasks) == 2 && !slices.ContainsFunc(tasks, isOld), fmt.Sprintf("%s, then %s", old, tasks)
	})
	w.untilReady(service)
	if made := w.mutations(before); !slices.Equal(made, []string{"UpdateService"}) {
		t.Errorf("restart made %s, not one UpdateService", made)
	}

	w.press(e, service, "suspend")
	eventually(t, "the operator has taken note of the suspension", func() (bool, string) {
		live := w.live(service)
		return condition(live, "Ready")["reason"] == "Suspended" && healthOf(t, live, e.with).Status == health.HealthStatusSuspended, conditions(live)
	})
	e.isSynced(t, w, all, "suspended by the action")
	for _, mode := range modesNames() {
		declared := service.DeepCopy()
		set(t, declared, false, "spec", "suspend")
		if e.differs(t, mode, declared, w.live(service)) == "" {
			t.Errorf("%s: Git declares suspend: false, and the suspended service does not differ", mode)
		}
	}

	// AWS is neither read nor changed, whatever happens there and in Git. The cluster, which is not suspended, is looked at.
	before = w.now()
	w.scaleInAWS(service, 1)
	more := service.DeepCopy()
	set(t, more, int64(3), "spec", "desiredCount")
	e.sync(t, []*unstructured.Unstructured{more}, false)
	w.untilAll("is observed", []*unstructured.Unstructured{service}, func(live *unstructured.Unstructured) bool {
		observed, _, _ := unstructured.NestedInt64(live.Object, "status", "observedGeneration")
		return observed == live.GetGeneration()
	})
	w.press(e, cluster, "reconcile")
	w.untilEachIsLookedAt([]*unstructured.Unstructured{cluster}, 1, before)
	if looked, made := w.lookedAt(service, before), w.mutations(before); looked > 0 || len(made) > 0 {
		t.Errorf("AWS was read %d times for a suspended service, and changed by %s", looked, made)
	}

	w.press(e, service, "resume")
	w.untilReady(service)
	if _, there, _ := unstructured.NestedFieldNoCopy(w.live(service).Object, "spec", "suspend"); there {
		t.Error("resume leaves spec.suspend")
	}
	w.runs(3, "nginx:1.27")
	e.sync(t, all, false)
	w.untilReady(service)
	e.isInSync(t, w, all, "resumed")

	// Nobody tells the operator of what was changed in AWS but the button.
	w.scaleInAWS(service, 1)
	before = w.now()
	w.press(e, service, "reconcile")
	w.untilLooked("UpdateService", 1, before)
	eventually(t, "AWS runs again what is declared", func() (bool, string) {
		otherwise := w.otherwise(2, "nginx:1.27")
		return otherwise == "", otherwise
	})
	w.delete(all)
}

// tasks are the ARNs of those that AWS runs or starts for the quickstart.
func (w *world) tasks() []string {
	w.t.Helper()
	found, _, _ := unstructured.NestedStringSlice(w.ask("ecs", "ListTasks", map[string]any{"cluster": w.namespace + "-main"}), "taskArns")
	return found
}

// scaleInAWS changes a service's desired count behind the operator's back.
func (w *world) scaleInAWS(service *unstructured.Unstructured, count int) {
	w.t.Helper()
	arn, _, _ := unstructured.NestedString(w.live(service).Object, "status", "arn")
	w.ask("ecs", "UpdateService", map[string]any{"cluster": w.namespace + "-main", "service": arn, "desiredCount": count})
}

// A deployment that waits for a person goes on, or back, in AWS by the buttons in Argo CD.
func TestAPausedDeploymentIsApprovedOrAborted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := newEngine(t, w.plane)
	all := targets(t, examples(t)["quickstart"], w.namespace)
	service, definition := one(t, all, "EcsService"), one(t, all, "EcsTaskDefinition")
	set(t, service, map[string]any{
		"strategy": "BLUE_GREEN", "bakeTimeInMinutes": int64(0),
		"lifecycleHooks": []any{map[string]any{"targetType": "PAUSE", "lifecycleStages": []any{"POST_SCALE_UP"}}},
	}, "spec", "deploymentConfiguration")
	// A second target group and a rule for tests would be needed, which have nothing to do with waiting.
	unstructured.RemoveNestedField(service.Object, "spec", "loadBalancers")
	deploy := func(image string) {
		containers, _, _ := unstructured.NestedSlice(definition.Object, "spec", "containerDefinitions")
		containers[0].(map[string]any)["image"] = "public.ecr.aws/nginx/" + image
		set(t, definition, containers, "spec", "containerDefinitions")
		e.sync(t, all, true)
	}
	deploy("nginx:1.27")
	w.untilReady(all...)
	w.offersAnswers(e, service, false)

	deploy("nginx:1.28")
	second := w.untilPaused(e, service)
	w.offersAnswers(e, service, true)
	if answered := w.answers(); len(answered) > 0 {
		t.Fatalf("answered before anybody pressed a button: %v", answered)
	}
	w.press(e, service, "approve")
	w.untilReady(all...)
	w.runs(2, "nginx:1.28")
	w.hasEnded(service, "SUCCESSFUL")
	e.isInSync(t, w, all, "approved")
	w.offersAnswers(e, service, false)

	// The old answer, which is still there, is none to the next deployment.
	deploy("nginx:1.29")
	third := w.untilPaused(e, service)
	if live := w.live(service).GetAnnotations()[answer]; !strings.HasSuffix(live, "=Continue") {
		t.Fatalf("a sync has changed what Git does not declare, the annotation %s: %q", answer, live)
	}
	w.press(e, service, "abort")
	eventually(t, "the service is Degraded", func() (bool, string) {
		found := healthOf(t, w.live(service), e.with)
		return found.Status == health.HealthStatusDegraded && strings.HasPrefix(found.Message, "RolloutFailed: ") && strings.Contains(found.Message, "rolled back"),
			fmt.Sprintf("%+v", *found)
	})
	// It is Degraded as soon as ECS begins to roll back.
	eventually(t, "ECS has rolled back", func() (bool, string) {
		found := w.deployment(service)
		return found["status"] == "ROLLBACK_SUCCESSFUL", pretty(found)
	})
	eventually(t, "AWS runs what it ran before", func() (bool, string) {
		otherwise := w.otherwise(2, "nginx:1.28")
		return otherwise == "", otherwise
	})
	e.isSynced(t, w, all, "aborted")

	// Git goes back, which is a deployment like others.
	deploy("nginx:1.28")
	fourth := w.untilPaused(e, service)
	w.press(e, service, "approve")
	w.untilReady(all...)
	w.runs(2, "nginx:1.28")
	e.isInSync(t, w, all, "reverted")
	expected := []map[string]any{
		{"serviceDeploymentArn": second.deployment, "hookId": second.hook, "action": "CONTINUE"},
		{"serviceDeploymentArn": third.deployment, "hookId": third.hook, "action": "ROLLBACK"},
		{"serviceDeploymentArn": fourth.deployment, "hookId": fourth.hook, "action": "CONTINUE"},
	}
	if answers := w.answers(); !reflect.DeepEqual(answers, expected) {
		t.Errorf("AWS got the answers %v, not %v", answers, expected)
	}
	w.delete(all)
}

// pause is where AWS waits for an answer.
type pause struct{ deployment, hook string }

// untilPaused waits until the service's deployment waits, in AWS and by its health; where it does.
func (w *world) untilPaused(e *engine, service *unstructured.Unstructured) (found pause) {
	w.t.Helper()
	eventually(w.t, "the deployment waits", func() (bool, string) {
		live := w.live(service)
		says := healthOf(w.t, live, e.with)
		return says.Status == health.HealthStatusProgressing && strings.Contains(says.Message, "ECS waits at POST_SCALE_UP"), fmt.Sprintf("%+v", *says)
	})
	deployment := w.deployment(service)
	for _, hook := range deployment["lifecycleHookDetails"].([]any) {
		if hook := hook.(map[string]any); hook["status"] == "AWAITING_ACTION" {
			found = pause{deployment["serviceDeploymentArn"].(string), hook["hookId"].(string)}
		}
	}
	if found.hook == "" || deployment["lifecycleStage"] != "POST_SCALE_UP" {
		w.t.Fatalf("the service says that its deployment waits, and AWS that it does not:\n%s", pretty(deployment))
	}
	return found
}

// offersAnswers fails unless both answers' buttons can be pressed, or can't.
func (w *world) offersAnswers(e *engine, service *unstructured.Unstructured, expected bool) {
	w.t.Helper()
	live := w.live(service)
	if offers := e.offers(w.t, live); offers["approve"] != expected || offers["abort"] != expected {
		w.t.Errorf("offered: %v; approve and abort should both be %v:\n%s", offers, expected, pretty(live.Object["status"]))
	}
}

// answers are those that AWS got from the operator.
func (w *world) answers() (found []map[string]any) {
	w.t.Helper()
	for _, call := range w.calls(0) {
		if call.Operation == "ContinueServiceDeployment" {
			found = append(found, call.Request)
		}
	}
	return found
}

// hasEnded fails unless the service's last deployment has ended so.
func (w *world) hasEnded(service *unstructured.Unstructured, status string) {
	w.t.Helper()
	if found := w.deployment(service); found["status"] != status {
		w.t.Errorf("the deployment is not %s:\n%s", status, pretty(found))
	}
}

// deployment is the service's last, as AWS has it.
func (w *world) deployment(service *unstructured.Unstructured) map[string]any {
	w.t.Helper()
	arn, _, _ := unstructured.NestedString(w.live(service).Object, "status", "arn")
	listed, _, _ := unstructured.NestedSlice(w.ask("ecs", "ListServiceDeployments", map[string]any{"cluster": w.namespace + "-main", "service": arn}), "serviceDeployments")
	newest := slices.MaxFunc(listed, func(a, b any) int {
		at := func(deployment any) float64 { return deployment.(map[string]any)["createdAt"].(float64) }
		return cmp.Compare(at(a), at(b))
	})
	described := w.ask("ecs", "DescribeServiceDeployments", map[string]any{"serviceDeploymentArns": []any{newest.(map[string]any)["serviceDeploymentArn"]}})
	deployments, _, _ := unstructured.NestedSlice(described, "serviceDeployments")
	return deployments[0].(map[string]any)
}

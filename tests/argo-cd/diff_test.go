package argocd

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/diff"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/tracing"
	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo"
	argodiff "github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"github.com/argoproj/argo-cd/v3/util/lua"
	jsonpatch "github.com/evanphx/json-patch"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/managedfields"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
)

// application is the name that tracking annotations say.
const application = "shop"

// reapplies is how often self-heal applies again what is already so.
const reapplies = 20

// engine applies and compares as Argo CD's application controller does.
type engine struct {
	apply  kube.ResourceOperations
	dryRun diff.ServerSideDryRunner
	parser *managedfields.GvkParser
	with   map[string]v1alpha1.ResourceOverride
}

func newEngine(t *testing.T, p *plane) *engine {
	t.Helper()
	kubectl := &kube.KubectlCmd{Log: logr.Discard(), Tracer: tracing.NopTracer{}}
	apply, end, err := kubectl.ManageResources(p.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	dryRun, endDryRun, err := kubectl.ManageServerSideDiffDryRuns(p.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(endDryRun)
	_, parser, err := kubectl.LoadOpenAPISchema(p.config)
	if err != nil {
		t.Fatal(err)
	}
	return &engine{apply, diff.NewK8sServerSideDryRunner(dryRun), parser, overrides(t)}
}

// targets are manifests as Argo CD applies them: with a namespace and its tracking annotation.
func targets(t *testing.T, manifests []*unstructured.Unstructured, namespace string) (all []*unstructured.Unstructured) {
	t.Helper()
	for _, manifest := range manifests {
		target := manifest.DeepCopy()
		target.SetNamespace(namespace)
		if err := argo.NewResourceTracking().SetAppInstance(target, common.LabelKeyAppInstance, application, "argocd", v1alpha1.TrackingMethodAnnotation, ""); err != nil {
			t.Fatal(err)
		}
		all = append(all, target)
	}
	return all
}

// sync applies targets: as `kubectl apply` does, or on the server.
func (e *engine) sync(t *testing.T, targets []*unstructured.Unstructured, serverSide bool) {
	t.Helper()
	for _, target := range targets {
		said, err := e.apply.ApplyResource(t.Context(), target.DeepCopy(), cmdutil.DryRunNone, false, true, serverSide, common.ArgoCDSSAManager)
		if err != nil {
			t.Fatalf("%s %s: %v: %s", target.GetKind(), target.GetName(), err, said)
		}
	}
}

// modes are Argo CD's ways of comparing.
var modes = map[string]func(*argodiff.DiffConfigBuilder, *engine){
	"three-way":        func(*argodiff.DiffConfigBuilder, *engine) {},
	"structured-merge": func(config *argodiff.DiffConfigBuilder, _ *engine) { config.WithStructuredMergeDiff(true) },
	"server-side": func(config *argodiff.DiffConfigBuilder, e *engine) {
		config.WithServerSideDiff(true).WithServerSideDryRunner(e.dryRun)
	},
}

// differs is what Argo CD would change of a live object, in one of its modes; empty: it is Synced.
func (e *engine) differs(t *testing.T, mode string, target, live *unstructured.Unstructured) string {
	t.Helper()
	config := argodiff.NewDiffConfigBuilder().
		WithDiffSettings(nil, e.with, true, normalizers.IgnoreNormalizerOpts{}).
		WithTracking(common.LabelKeyAppInstance, string(v1alpha1.TrackingMethodAnnotation)).
		WithGVKParser(e.parser).WithManager(common.ArgoCDSSAManager).WithNoCache()
	modes[mode](config, e)
	found := must[diff.DiffResult](t)(argodiff.StateDiff(live, target, must[argodiff.DiffConfig](t)(config.Build())))
	if !found.Modified {
		return ""
	}
	patch, _ := jsonpatch.CreateMergePatch(found.NormalizedLive, found.PredictedLive)
	return "would be patched with " + string(patch)
}

// modesNames are the modes, in order.
func modesNames() []string { return slices.Sorted(maps.Keys(modes)) }

// fullSurface is a fixture with every member of every kind.
const fullSurface = "tests/argo-cd/testdata/full-surface.yaml"

// leftOut are members that the fixture can't have.
var leftOut = []string{
	// Takes the place of clientSecret, where AWS has the rule already.
	"EcsService.spec.loadBalancers[].targetGroup.rules[].actions[].authenticateOidcConfig.useExistingClientSecret",
}

// declarations are every example, and nil for the full surface, by name.
func declarations(t *testing.T) map[string][]*unstructured.Unstructured {
	t.Helper()
	all := examples(t)
	all["full-surface"] = nil
	return all
}

// foreign makes what the full surface names and others own: a listener, target groups and rules. Their ARNs take the words' places.
func (w *world) foreign(fixture string) string {
	w.t.Helper()
	first := func(answer map[string]any, list, member string) string {
		found, _, _ := unstructured.NestedSlice(answer, list)
		if len(found) == 0 {
			w.t.Fatalf("no %s in:\n%s", list, pretty(answer))
		}
		return found[0].(map[string]any)[member].(string)
	}
	group := func(name string) string {
		return first(w.ask("elasticloadbalancing", "CreateTargetGroup",
			map[string]any{"Name": name, "Protocol": "HTTP", "Port": 8080, "VpcId": "vpc-demo", "TargetType": "ip"}), "TargetGroups", "TargetGroupArn")
	}
	balancer := first(w.ask("elasticloadbalancing", "DescribeLoadBalancers", map[string]any{}), "LoadBalancers", "LoadBalancerArn")
	listener := first(w.ask("elasticloadbalancing", "DescribeListeners", map[string]any{"LoadBalancerArn": balancer}), "Listeners", "ListenerArn")
	secure := first(w.ask("elasticloadbalancing", "CreateListener", map[string]any{
		"LoadBalancerArn": balancer, "Protocol": "HTTPS", "Port": 443,
		"Certificates":   []any{map[string]any{"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/a"}},
		"DefaultActions": []any{map[string]any{"Type": "fixed-response", "FixedResponseConfig": map[string]any{"StatusCode": "404"}}},
	}), "Listeners", "ListenerArn")
	blue, green := group("blue"), group("green")
	w.others = append(w.others, blue, green)
	rule := func(priority int, path, to string) string {
		return first(w.ask("elasticloadbalancing", "CreateRule", map[string]any{
			"ListenerArn": listener, "Priority": priority,
			"Conditions": []any{map[string]any{"Field": "path-pattern", "Values": []string{path}}},
			"Actions":    []any{map[string]any{"Type": "forward", "TargetGroupArn": to}},
		}), "Rules", "RuleArn")
	}
	words := strings.NewReplacer("SECURE", secure, "LISTENER", listener, "BLUE", blue, "GREEN", green, "RULE", rule(900, "/shifted", blue), "TRIAL", rule(901, "/trial", green))
	return words.Replace(fixture)
}

func TestTheFullSurfaceIsInTheFixture(t *testing.T) {
	fixture := objects(t, read(t, fullSurface))
	for _, kind := range kinds(t) {
		said := map[string]bool{}
		for _, object := range fixture {
			if object.GetKind() == kind {
				walk("spec", object.Object["spec"], said)
			}
		}
		crd := objects(t, read(t, "crds", strings.ToLower(kind)+"s.yaml"))[0]
		versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
		spec, _, _ := unstructured.NestedMap(versions[0].(map[string]any), "schema", "openAPIV3Schema", "properties", "spec")
		for _, path := range members("spec", spec) {
			if !said[path] && !slices.Contains(leftOut, kind+"."+path) {
				t.Errorf("full-surface.yaml has no %s.%s", kind, path)
			}
		}
	}
}

// walk notes the path of every value.
func walk(path string, value any, said map[string]bool) {
	said[path] = true
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			walk(path+"."+name, inner, said)
		}
	case []any:
		for _, inner := range value {
			walk(path+"[]", inner, said)
		}
	}
}

// members are the paths of a schema's own members; a map's keys and a document's members are not the schema's.
func members(path string, schema map[string]any) (all []string) {
	properties, _, _ := unstructured.NestedMap(schema, "properties")
	for name, inner := range properties {
		all = append(append(all, path+"."+name), members(path+"."+name, inner.(map[string]any))...)
	}
	if items, there, _ := unstructured.NestedMap(schema, "items"); there {
		all = append(all, members(path+"[]", items)...)
	}
	return all
}

func TestAppliedObjectsSettleWithoutDifference(t *testing.T) {
	all := declarations(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			e := newEngine(t, w.plane)
			fixture := ""
			if all[name] == nil {
				fixture = w.foreign(string(read(t, fullSurface)))
			}
			for round, serverSide := range []bool{false, true} {
				manifests := all[name]
				if fixture != "" {
					// AWS numbers a family's revisions on, even after all are gone.
					manifests = objects(t, []byte(strings.ReplaceAll(fixture, "REVISION", strconv.Itoa(round+1))))
				}
				targets := targets(t, manifests, w.namespace)
				e.sync(t, targets, serverSide)
				w.untilReady(targets...)
				e.isInSync(t, w, targets, "after the first apply")
				e.healsNothing(t, w, targets, serverSide)
				e.isInSync(t, w, targets, "after self-heal")
				w.delete(targets)
			}
		})
	}
}

// isInSync fails where a mode finds a difference, or where one of the targets is not Healthy.
func (e *engine) isInSync(t *testing.T, w *world, targets []*unstructured.Unstructured, when string) {
	t.Helper()
	for _, target := range targets {
		live := w.live(target)
		if found := healthOf(t, live, e.with); found.Status != "Healthy" {
			t.Errorf("%s: %s %s is %+v", when, target.GetKind(), target.GetName(), *found)
		}
		for _, mode := range modesNames() {
			if difference := e.differs(t, mode, target, live); difference != "" {
				t.Errorf("%s: %s of %s %s: %s", when, mode, target.GetKind(), target.GetName(), difference)
			}
		}
	}
}

// healsNothing applies the targets again and again: no spec changes, and the operator, which looks at them meanwhile and
// afterwards, changes nothing in AWS.
func (e *engine) healsNothing(t *testing.T, w *world, targets []*unstructured.Unstructured, serverSide bool) {
	t.Helper()
	before, generations := w.now(), w.generations(targets)
	for range reapplies {
		e.sync(t, targets, serverSide)
	}
	w.untilLooked("DescribeClusters", 2, w.now())
	if made := w.mutations(before); len(made) > 0 {
		t.Errorf("%d re-applies (server side: %v) changed AWS: %s", reapplies, serverSide, made)
	}
	if after := w.generations(targets); !slices.Equal(after, generations) {
		t.Errorf("%d re-applies (server side: %v) changed specs: generations %d, then %d", reapplies, serverSide, generations, after)
	}
}

// generations are those of the targets, in their order.
func (w *world) generations(targets []*unstructured.Unstructured) (all []int64) {
	w.t.Helper()
	for _, target := range targets {
		all = append(all, w.live(target).GetGeneration())
	}
	return all
}

// delete deletes objects all at once, and waits until they and everything in AWS are gone.
func (w *world) delete(all []*unstructured.Unstructured) {
	w.t.Helper()
	for _, object := range all {
		if err := w.resource(object.GetKind()).Delete(w.t.Context(), object.GetName(), metav1.DeleteOptions{}); err != nil {
			w.t.Fatal(err)
		}
	}
	w.untilGone(all...)
	if left := w.left(); len(left) > 0 {
		w.t.Errorf("AWS still has:\n%s", pretty(left))
	}
}

// Without this, that nothing differs would prove nothing.
func TestEveryModeSeesAChangedSpec(t *testing.T) {
	w := newWorld(t)
	e := newEngine(t, w.plane)
	all := targets(t, examples(t)["quickstart"], w.namespace)
	for _, serverSide := range []bool{false, true} {
		e.sync(t, all, serverSide)
		for _, target := range all {
			changed := target.DeepCopy()
			if err := unstructured.SetNestedField(changed.Object, map[string]any{"team": "shop"}, "spec", "tags"); err != nil {
				t.Fatal(err)
			}
			for _, mode := range modesNames() {
				if e.differs(t, mode, changed, w.live(target)) == "" {
					t.Errorf("%s (server side: %v) does not see new tags of %s", mode, serverSide, target.GetKind())
				}
			}
		}
	}
	w.delete(all)
}

// A person presses buttons in Argo CD; what Git does not declare is not taken back.
func TestActionsWorkWithoutADifference(t *testing.T) {
	w := newWorld(t)
	e := newEngine(t, w.plane)
	all := targets(t, examples(t)["quickstart"], w.namespace)
	e.sync(t, all, false)
	w.untilReady(all...)
	service := all[slices.IndexFunc(all, func(each *unstructured.Unstructured) bool { return each.GetKind() == "EcsService" })]

	before := w.now()
	w.press(e, service, "restart")
	w.untilLooked("UpdateService", 1, before)
	w.untilReady(service)

	w.press(e, service, "suspend")
	eventually(t, "the service is Suspended", func() (bool, string) {
		found := healthOf(t, w.live(service), e.with)
		return found.Status == "Suspended", found.Message
	})
	for _, mode := range modesNames() {
		if difference := e.differs(t, mode, service, w.live(service)); difference != "" {
			t.Errorf("%s, suspended by the action: %s", mode, difference)
		}
		declared := service.DeepCopy()
		if err := unstructured.SetNestedField(declared.Object, false, "spec", "suspend"); err != nil {
			t.Fatal(err)
		}
		if e.differs(t, mode, declared, w.live(service)) == "" {
			t.Errorf("%s: Git declares suspend: false, and the suspended service does not differ", mode)
		}
	}
	w.press(e, service, "resume")
	w.untilReady(service)
	if _, there, _ := unstructured.NestedFieldNoCopy(w.live(service).Object, "spec", "suspend"); there {
		t.Error("resume leaves spec.suspend")
	}
	w.press(e, service, "reconcile")
	w.untilReady(service)
	e.isInSync(t, w, all, "after the actions")
	w.delete(all)
}

// press runs an action as Argo CD's API server does: the script's changes are a merge patch.
func (w *world) press(e *engine, target *unstructured.Unstructured, action string) {
	w.t.Helper()
	live := w.live(target)
	after := must[*unstructured.Unstructured](w.t)(act(lua.VM{ResourceOverrides: e.with}, live, action))
	encode := func(object *unstructured.Unstructured) []byte { return must[[]byte](w.t)(object.MarshalJSON()) }
	patch := must[[]byte](w.t)(jsonpatch.CreateMergePatch(encode(live), encode(after)))
	if strings.Contains(string(patch), "status") {
		w.t.Errorf("%s would write the status: %s", action, patch)
	}
	if _, err := w.resource(target.GetKind()).Patch(w.t.Context(), target.GetName(), types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		w.t.Fatalf("%s: %v: %s", action, err, patch)
	}
}

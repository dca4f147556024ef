package argocd

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/diff"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/tracing"
	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo"
	argodiff "github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	jsonpatch "github.com/evanphx/json-patch"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

// application is the name that tracking annotations say.
const application = "shop"

// reapplies is how often self-heal applies again what is already so.
const reapplies = 20

// engine applies and compares as Argo CD's application controller does.
type engine struct {
	kubectl *kube.KubectlCmd
	apply   kube.ResourceOperations
	dryRun  diff.ServerSideDryRunner
	parser  *managedfields.GvkParser
	with    map[string]v1alpha1.ResourceOverride
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
	return &engine{kubectl, apply, diff.NewK8sServerSideDryRunner(dryRun), parser, overrides(t)}
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

// sync applies targets for the first time: as `kubectl apply` does, or on the server.
func (e *engine) sync(t *testing.T, targets []*unstructured.Unstructured, serverSide bool) {
	t.Helper()
	e.resync(t, targets, serverSide, true)
}

// resync applies targets. Asking the API server's schemas beforehand is half of an apply's work and changes nothing of it.
func (e *engine) resync(t *testing.T, targets []*unstructured.Unstructured, serverSide, validate bool) {
	t.Helper()
	for _, target := range targets {
		said, err := e.apply.ApplyResource(t.Context(), target.DeepCopy(), cmdutil.DryRunNone, false, validate, serverSide, common.ArgoCDSSAManager)
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

// declarations are every example, and nil for the full surface, by name.
func declarations(t *testing.T) map[string][]*unstructured.Unstructured {
	t.Helper()
	all := examples(t)
	all["full-surface"] = nil
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
				e.buttonsChangeOneMember(t, w, targets)
				if fixture != "" {
					keepSecrets(t, targets)
					e.sync(t, targets, serverSide)
					w.untilReady(targets...)
					e.isInSync(t, w, targets, "after AWS was told to keep its secrets")
				}
				if serverSide {
					slices.Reverse(targets)
				}
				w.delete(targets)
			}
		})
	}
}

// isInSync fails where a mode finds a difference, or where one of the targets is not Healthy, or not Current for kstatus.
func (e *engine) isInSync(t *testing.T, w *world, targets []*unstructured.Unstructured, when string) {
	t.Helper()
	e.isSynced(t, w, targets, when)
	for _, target := range targets {
		live := w.live(target)
		if found, kstatus := healthOf(t, live, e.with), kstatusOf(t, live); found.Status != health.HealthStatusHealthy || kstatus != status.CurrentStatus {
			t.Errorf("%s: %s %s is %+v, and for kstatus %s", when, target.GetKind(), target.GetName(), *found, kstatus)
		}
	}
}

// isSynced fails where a mode finds a difference.
func (e *engine) isSynced(t *testing.T, w *world, targets []*unstructured.Unstructured, when string) {
	t.Helper()
	for _, target := range targets {
		live := w.live(target)
		for _, mode := range modesNames() {
			if difference := e.differs(t, mode, target, live); difference != "" {
				t.Errorf("%s: %s of %s %s: %s", when, mode, target.GetKind(), target.GetName(), difference)
			}
		}
	}
}

// healsNothing applies the targets again and again: nobody writes to the objects, and the operator, which looks at what each
// of them is in AWS meanwhile and afterwards, changes nothing there.
func (e *engine) healsNothing(t *testing.T, w *world, targets []*unstructured.Unstructured, serverSide bool) {
	t.Helper()
	versions := w.settledVersions(targets)
	before := w.now()
	for range reapplies {
		e.resync(t, targets, serverSide, false)
	}
	w.untilEachIsLookedAt(targets, 2, w.now())
	if made := w.mutations(before); len(made) > 0 {
		t.Errorf("%d re-applies (server side: %v) changed AWS: %s", reapplies, serverSide, made)
	}
	if after := w.versions(targets); !slices.Equal(after, versions) {
		t.Errorf("%d re-applies (server side: %v) changed objects: resource versions %s, then %s", reapplies, serverSide, versions, after)
	}
}

// settledVersions are the targets' resource versions once two looks at each of them wrote nothing: a cluster counts its services
// at its own next look, after they are Ready.
func (w *world) settledVersions(targets []*unstructured.Unstructured) []string {
	w.t.Helper()
	versions := w.versions(targets)
	for range 20 {
		w.untilEachIsLookedAt(targets, 2, w.now())
		after := w.versions(targets)
		if slices.Equal(after, versions) {
			return after
		}
		versions = after
	}
	w.t.Fatal("the objects are written again and again")
	return nil
}

// versions are the targets' resource versions, in their order: every write makes a new one, of whatever part, by whomever.
func (w *world) versions(targets []*unstructured.Unstructured) (all []string) {
	w.t.Helper()
	for _, target := range targets {
		all = append(all, w.live(target).GetResourceVersion())
	}
	return all
}

// foreground is how Argo CD deletes, unless it is told otherwise.
var foreground = metav1.DeletePropagationForeground

// prune deletes an object as Argo CD does.
func (w *world) prune(object *unstructured.Unstructured) {
	w.t.Helper()
	if err := w.resource(object.GetKind()).Delete(w.t.Context(), object.GetName(), metav1.DeleteOptions{PropagationPolicy: &foreground}); err != nil {
		w.t.Fatal(err)
	}
}

// delete deletes objects one after the other without waiting, and waits until they and everything in AWS are gone.
func (w *world) delete(all []*unstructured.Unstructured) {
	w.t.Helper()
	for _, object := range all {
		w.prune(object)
	}
	w.untilGone(all...)
	if left := w.left(); len(left) > 0 {
		w.t.Errorf("AWS still has:\n%s", pretty(left))
	}
}

// Without this, that nothing differs would prove nothing.
func TestEveryModeSeesAChangedSpec(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := newEngine(t, w.plane)
	all := targets(t, examples(t)["quickstart"], w.namespace)
	for _, serverSide := range []bool{false, true} {
		e.sync(t, all, serverSide)
		for _, target := range all {
			changed := target.DeepCopy()
			set(t, changed, map[string]any{"team": "shop"}, "spec", "tags")
			for _, mode := range modesNames() {
				if e.differs(t, mode, changed, w.live(target)) == "" {
					t.Errorf("%s (server side: %v) does not see new tags of %s", mode, serverSide, target.GetKind())
				}
			}
		}
	}
	w.delete(all)
}

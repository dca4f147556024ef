package argocd

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
)

// comparisons are how often Argo CD must at least have compared Git with the objects while nothing happened.
const comparisons = 4

// One life of an application: only Git is ever changed, but for one mischief.
func TestAnApplicationLivesInGit(t *testing.T) {
	t.Parallel()
	a := newStory(t)
	files := must[[]string](t)(filepath.Glob(filepath.Join(root, "examples/quickstart/*.yaml")))
	var all []*unstructured.Unstructured
	for _, file := range files {
		content := must[[]byte](t)(os.ReadFile(file))
		write(t, filepath.Join(a.repository, "ecs", filepath.Base(file)), string(content), 0o600)
		all = append(all, objects(t, content)...)
	}
	a.git("init", "--quiet", "--initial-branch=main")
	a.git("add", "--all")
	a.git("commit", "--quiet", "--message", "the shop")
	a.deploy()

	first := a.git("rev-parse", "HEAD")
	a.until(first, "Healthy")
	a.runs(2, "nginx:1.27")

	a.keepsQuiet()
	a.healsMischief(all)

	// Healthy with a new image in Git means that AWS runs it, though the service's own manifest is as it was.
	a.replace("task-definition.yaml", "nginx:1.27", "nginx:1.28")
	a.until(a.push("a new image"), "Healthy")
	a.runs(2, "nginx:1.28")

	a.levers("POST", "script", map[string]any{"images": map[string]any{"public.ecr.aws/nginx/nginx:1.82": map[string]any{"fate": "pull-fails"}}})
	a.replace("task-definition.yaml", "nginx:1.28", "nginx:1.82")
	degraded := healthIn(t, a.until(a.push("an image that does not exist"), "Degraded"), "EcsService", "web")
	for _, wanted := range []string{"RolloutFailed", "CannotPullContainerError"} {
		if !strings.Contains(degraded.Message, wanted) {
			t.Errorf("the service is Degraded without saying %s: %s", wanted, degraded.Message)
		}
	}
	// Rolling back, ECS starts tasks of the last good revision before it stops others.
	eventually(t, "the last good revision serves on", func() (bool, string) {
		otherwise := a.otherwise(2, "nginx:1.28")
		return otherwise == "", otherwise
	})

	a.git("revert", "--no-edit", "HEAD")
	a.until(a.refreshed(), "Healthy")
	a.runs(2, "nginx:1.28")

	// What Git has no more is pruned, and AWS has it no more.
	for _, file := range []string{"service.yaml", "task-definition.yaml"} {
		if err := os.Remove(filepath.Join(a.repository, "ecs", file)); err != nil {
			t.Fatal(err)
		}
	}
	a.until(a.push("no shop any more"), "Healthy")
	for _, object := range all {
		if object.GetKind() != "EcsCluster" {
			a.untilGone(object)
		}
	}
	if left := a.left(); len(left) != 1 || left["clusters"] == nil {
		t.Errorf("AWS should have nothing but the cluster, and has:\n%s", pretty(left))
	}
	a.deletedWithEverything()
}

// deploy applies deploy/argocd's project and application, with the story's repository and namespace.
func (a *story) deploy() {
	a.t.Helper()
	for _, file := range []string{"appproject.yaml", "application.yaml"} {
		manifest := string(read(a.t, "deploy/argocd", file))
		for _, yours := range [][2]string{{"https://git.example.com/shop/deploy.git", "file://" + a.repository}, {"namespace: shop", "namespace: " + a.namespace}} {
			if !strings.Contains(manifest, yours[0]) {
				a.t.Fatalf("%s has no %s", file, yours[0])
			}
			manifest = strings.ReplaceAll(manifest, yours[0], yours[1])
		}
		must[string](a.t)(a.kubectl(manifest, "apply", "-f", "-"))
	}
}

// replace changes a file of the repository.
func (a *story) replace(file, before, after string) {
	a.t.Helper()
	path := filepath.Join(a.repository, "ecs", file)
	content := string(must[[]byte](a.t)(os.ReadFile(path)))
	if !strings.Contains(content, before) {
		a.t.Fatalf("%s has no %s", file, before)
	}
	write(a.t, path, strings.ReplaceAll(content, before, after), 0o600)
}

// keepsQuiet watches ten minutes of AWS's time, in which nobody does anything: self-heal finds nothing to do, and neither
// does the operator, though both look.
func (a *story) keepsQuiet() {
	a.t.Helper()
	syncs := func() string {
		app := a.application()
		return fmt.Sprint(len(app.Status.History), app.Status.OperationState.StartedAt)
	}
	versions := a.settledVersions(a.managed())
	before, call, begun := syncs(), a.now(), a.clock()
	reconciled := map[string]bool{}
	eventually(a.t, "ten quiet minutes", func() (bool, string) {
		reconciled[a.application().Status.ReconciledAt.Format(time.RFC3339)] = true
		passed := a.clock() - begun
		return passed >= 600 && len(reconciled) > comparisons, fmt.Sprintf("%.0f s of AWS's time, %d comparisons", passed, len(reconciled)-1)
	})
	a.untilEachIsLookedAt(a.managed(), comparisons, call)
	if after := syncs(); after != before {
		a.t.Errorf("Argo CD synced in ten quiet minutes: %s, then %s", before, after)
	}
	if made := a.mutations(call); len(made) > 0 {
		a.t.Errorf("the operator changed AWS in ten quiet minutes: %s", made)
	}
	if after := a.versions(a.managed()); !slices.Equal(after, versions) {
		a.t.Errorf("objects changed in ten quiet minutes: resource versions %s, then %s", versions, after)
	}
}

// managed are the application's objects.
func (a *story) managed() (all []*unstructured.Unstructured) {
	a.t.Helper()
	for _, each := range a.application().Status.Resources {
		object := &unstructured.Unstructured{}
		object.SetKind(each.Kind)
		object.SetName(each.Name)
		all = append(all, object)
	}
	return all
}

// clock is AWS's time in seconds.
func (w *world) clock() float64 {
	w.t.Helper()
	var clock struct{ Now float64 }
	decode(w.t, w.levers("GET", "clock", nil), &clock)
	return clock.Now
}

// healsMischief shows that self-heal was on while nothing happened: what somebody changes by hand, Git takes back.
func (a *story) healsMischief(all []*unstructured.Unstructured) {
	a.t.Helper()
	for _, object := range all {
		if object.GetKind() != "EcsService" {
			continue
		}
		_, err := a.resource("EcsService").Patch(a.t.Context(), object.GetName(), types.MergePatchType, []byte(`{"spec":{"desiredCount":5}}`), metav1.PatchOptions{})
		if err != nil {
			a.t.Fatal(err)
		}
		eventually(a.t, "self-heal takes the mischief back", func() (bool, string) {
			count, _, _ := unstructured.NestedInt64(a.live(object).Object, "spec", "desiredCount")
			return count == 2, fmt.Sprint(count)
		})
		a.untilReady(object)
	}
	a.until(a.git("rev-parse", "HEAD"), "Healthy")
}

// deletedWithEverything deletes the application, which takes all its objects along, and they what they have in AWS.
func (a *story) deletedWithEverything() {
	a.t.Helper()
	if err := a.applications().Delete(a.t.Context(), application, metav1.DeleteOptions{}); err != nil {
		a.t.Fatal(err)
	}
	eventually(a.t, "the application is gone", func() (bool, string) {
		found, err := a.applications().Get(a.t.Context(), application, metav1.GetOptions{})
		return apierrors.IsNotFound(err), pretty(found)
	})
	if left := a.left(); len(left) > 0 {
		a.t.Errorf("AWS still has:\n%s", pretty(left))
	}
}

// The examples of deploy/argocd are what Argo CD's own kinds take, and let the project's applications do what they need.
func TestExamplesForArgoCDAreTaken(t *testing.T) {
	t.Parallel()
	p := thePlane(t)
	p.installArgoKinds(t)
	for _, file := range []string{"operator.yaml", "appproject.yaml", "application.yaml", "applicationset.yaml"} {
		manifest := strings.ReplaceAll(string(read(t, "deploy/argocd", file)), "namespace: argocd", "namespace: default")
		must[string](t)(p.kubectl(manifest, "apply", "--server-side", "--validate=strict", "--dry-run=server", "-f", "-"))
	}
	project := &v1alpha1.AppProject{}
	parse(t, project, "deploy/argocd/appproject.yaml")
	for _, kind := range kinds(t) {
		if !project.IsGroupKindNamePermitted(ofGroup(kind), "any", true) {
			t.Errorf("the project does not let its applications have %s", kind)
		}
	}
	if project.IsGroupKindNamePermitted(ofGroup("Other"), "any", true) {
		t.Error("the project lets its applications have any kind")
	}
	application := &v1alpha1.Application{}
	parse(t, application, "deploy/argocd/application.yaml")
	if application.Spec.Project != project.Name || !project.IsSourcePermitted(*application.Spec.Source) {
		t.Error("the application is not of the project, or its repository is not the project's")
	}
}

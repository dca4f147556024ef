package argocd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// group is the folder of our kinds, in the layout that Argo CD takes upstream.
const group = "deploy/argocd/resource_customizations/ecs-operator.dev"

// never stands for the time in what an action is expected to write.
const never = "0001-01-01T00:00:00Z"

// kinds are those that the operator's CustomResourceDefinitions declare.
func kinds(t *testing.T) (kinds []string) {
	t.Helper()
	for _, file := range must[[]string](t)(filepath.Glob(filepath.Join(root, "crds/*.yaml"))) {
		crd := objects(t, must[[]byte](t)(os.ReadFile(file)))[0]
		kind, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind")
		kinds = append(kinds, kind)
	}
	return kinds
}

// overrides are the customizations as Argo CD has them once deploy/argocd/argocd-cm.yaml is applied.
func overrides(t *testing.T) map[string]v1alpha1.ResourceOverride {
	t.Helper()
	cm := objects(t, read(t, "deploy/argocd/argocd-cm.yaml"))[0]
	data, _, _ := unstructured.NestedStringMap(cm.Object, "data")
	found := map[string]v1alpha1.ResourceOverride{}
	for key, value := range data {
		if of, ok := strings.CutPrefix(key, "resource.customizations.health."); ok {
			of = strings.Replace(of, "_", "/", 1)
			override := found[of]
			override.HealthLua = value
			found[of] = override
		}
		if of, ok := strings.CutPrefix(key, "resource.customizations.actions."); ok {
			of = strings.Replace(of, "_", "/", 1)
			override := found[of]
			override.Actions = value
			found[of] = override
		}
	}
	return found
}

// healthOf is what Argo CD thinks of an object.
func healthOf(t *testing.T, object *unstructured.Unstructured, with map[string]v1alpha1.ResourceOverride) *health.HealthStatus {
	t.Helper()
	return must[*health.HealthStatus](t)(healthBy(object, with))
}

// healthBy is what Argo CD thinks of an object. It lets a script run for a second, which is not enough where a machine is busy.
func healthBy(object *unstructured.Unstructured, with map[string]v1alpha1.ResourceOverride) (found *health.HealthStatus, err error) {
	for range 5 {
		found, err = health.GetResourceHealth(object, lua.ResourceHealthOverrides(with))
		if err == nil && found == nil {
			return nil, fmt.Errorf("Argo CD has no script for %s", object.GroupVersionKind())
		}
		if err == nil || !strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
			return found, err
		}
	}
	return found, err
}

func TestEveryKindHasItsScriptsInTheConfigMap(t *testing.T) {
	with := overrides(t)
	kinds := kinds(t)
	if len(kinds) < 3 || len(with) != len(kinds) {
		t.Fatalf("%d kinds, %d customizations", len(kinds), len(with))
	}
	for _, kind := range kinds {
		override := with["ecs-operator.dev/"+kind]
		if override.HealthLua != string(read(t, group, kind, "health.lua")) {
			t.Errorf("%s: argocd-cm.yaml has another health.lua than resource_customizations", kind)
		}
		if override.HealthLua != string(read(t, group, "EcsService", "health.lua")) {
			t.Errorf("%s: the conditions mean the same for every kind, but its health.lua is another than EcsService's", kind)
		}
		actions := must[v1alpha1.ResourceActions](t)(override.GetActions())
		if actions.ActionDiscoveryLua != string(read(t, group, kind, "actions/discovery.lua")) {
			t.Errorf("%s: argocd-cm.yaml has another discovery.lua than resource_customizations", kind)
		}
		scripts := must[[]string](t)(filepath.Glob(filepath.Join(root, group, kind, "actions/*/action.lua")))
		for _, script := range scripts {
			name := filepath.Base(filepath.Dir(script))
			same := func(action v1alpha1.ResourceActionDefinition) bool {
				return action.Name == name && action.ActionLua == string(must[[]byte](t)(os.ReadFile(script)))
			}
			if !slices.ContainsFunc(actions.Definitions, same) {
				t.Errorf("%s: argocd-cm.yaml has not the action %s of resource_customizations", kind, name)
			}
		}
		if len(actions.Definitions) != len(scripts) {
			t.Errorf("%s: argocd-cm.yaml has %d actions, resource_customizations %d", kind, len(actions.Definitions), len(scripts))
		}
	}
}

// The files' format is that of Argo CD's own tests.
func TestHealthIsAsTheTestFilesSay(t *testing.T) {
	with := overrides(t)
	for _, kind := range kinds(t) {
		var file struct {
			Tests []struct {
				InputPath    string              `json:"inputPath"`
				HealthStatus health.HealthStatus `json:"healthStatus"`
			} `json:"tests"`
		}
		parse(t, &file, group, kind, "health_test.yaml")
		if unused := unusedFiles(t, filepath.Join(group, kind), func(yield func(string)) {
			for _, test := range file.Tests {
				yield(test.InputPath)
			}
		}); len(unused) > 0 {
			t.Errorf("%s: health_test.yaml does not use %s", kind, unused)
		}
		for _, test := range file.Tests {
			found := healthOf(t, objects(t, read(t, group, kind, test.InputPath))[0], with)
			if *found != test.HealthStatus {
				t.Errorf("%s/%s: %+v, not %+v", kind, test.InputPath, *found, test.HealthStatus)
			}
		}
	}
}

func TestActionsAreAsTheTestFilesSay(t *testing.T) {
	vm := lua.VM{ResourceOverrides: overrides(t)}
	for _, kind := range kinds(t) {
		var file struct {
			DiscoveryTests []struct {
				InputPath string                    `json:"inputPath"`
				Result    []v1alpha1.ResourceAction `json:"result"`
			} `json:"discoveryTests"`
			ActionTests []struct {
				Action               string `json:"action"`
				InputPath            string `json:"inputPath"`
				ExpectedOutputPath   string `json:"expectedOutputPath"`
				ExpectedErrorMessage string `json:"expectedErrorMessage"`
			} `json:"actionTests"`
		}
		folder := filepath.Join(group, kind, "actions")
		parse(t, &file, folder, "action_test.yaml")
		if unused := unusedFiles(t, folder, func(yield func(string)) {
			for _, test := range file.DiscoveryTests {
				yield(test.InputPath)
			}
			for _, test := range file.ActionTests {
				yield(test.InputPath)
				yield(test.ExpectedOutputPath)
			}
		}); len(unused) > 0 {
			t.Errorf("%s: action_test.yaml does not use %s", kind, unused)
		}
		untested := map[string]bool{}
		for _, test := range file.DiscoveryTests {
			object := objects(t, read(t, folder, test.InputPath))[0]
			found := must[[]v1alpha1.ResourceAction](t)(vm.ExecuteResourceActionDiscovery(object, must[[]string](t)(vm.GetResourceActionDiscovery(object))))
			byName := func(a, b v1alpha1.ResourceAction) int { return strings.Compare(a.Name, b.Name) }
			slices.SortFunc(found, byName)
			slices.SortFunc(test.Result, byName)
			if diff := cmp.Diff(test.Result, found); diff != "" {
				t.Errorf("%s/%s: discovery (-expected +found):\n%s", kind, test.InputPath, diff)
			}
			for _, action := range found {
				untested[action.Name] = true
			}
		}
		for _, test := range file.ActionTests {
			delete(untested, test.Action)
			name := kind + "/" + test.Action + " of " + test.InputPath
			before := objects(t, read(t, folder, test.InputPath))[0]
			after, err := act(vm, before, test.Action)
			if test.ExpectedErrorMessage != "" {
				if err == nil || !strings.Contains(err.Error(), test.ExpectedErrorMessage) {
					t.Errorf("%s: %v, not %s", name, err, test.ExpectedErrorMessage)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			forgetTime(t, after, before)
			if diff := cmp.Diff(asJSON(t, objects(t, read(t, folder, test.ExpectedOutputPath))[0]), asJSON(t, after)); diff != "" {
				t.Errorf("%s (-expected +found):\n%s", name, diff)
			}
		}
		if len(untested) > 0 {
			t.Errorf("%s: action_test.yaml does not test %v", kind, untested)
		}
	}
}

// act is what an action makes of an object.
func act(vm lua.VM, object *unstructured.Unstructured, name string) (*unstructured.Unstructured, error) {
	action, err := vm.GetResourceAction(object, name)
	if err != nil {
		return nil, err
	}
	made, err := vm.ExecuteResourceAction(object, action.ActionLua, nil)
	if err != nil {
		return nil, err
	}
	return made[0].UnstructuredObj, nil
}

// forgetTime replaces the times that an action wrote, if they are of now.
func forgetTime(t *testing.T, after, before *unstructured.Unstructured) {
	t.Helper()
	annotations, old := after.GetAnnotations(), before.GetAnnotations()
	for name, value := range annotations {
		if at, err := time.Parse(time.RFC3339, value); err == nil && old[name] != value {
			if age := time.Since(at); age < -time.Minute || age > time.Minute {
				t.Errorf("%s is %s, which is not now", name, value)
			}
			annotations[name] = never
		}
	}
	if annotations != nil {
		after.SetAnnotations(annotations)
	}
}

// asJSON makes numbers comparable: those that went through Lua are floats.
func asJSON(t *testing.T, object *unstructured.Unstructured) (plain map[string]any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(pretty(object.Object)), &plain); err != nil {
		t.Fatal(err)
	}
	return plain
}

// parse reads a YAML file of the repository, strictly.
func parse(t *testing.T, into any, path ...string) {
	t.Helper()
	if err := yaml.UnmarshalStrict(read(t, path...), into); err != nil {
		t.Fatalf("%s: %v", filepath.Join(path...), err)
	}
}

// unusedFiles are those of a folder's testdata that no test names.
func unusedFiles(t *testing.T, folder string, used func(yield func(string))) []string {
	t.Helper()
	files := must[[]string](t)(filepath.Glob(filepath.Join(root, folder, "testdata/*")))
	used(func(path string) {
		files = slices.DeleteFunc(files, func(file string) bool { return file == filepath.Join(root, folder, path) })
	})
	return files
}

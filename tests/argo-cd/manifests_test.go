package argocd

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// objects are those of a YAML file.
func objects(t *testing.T, file []byte) (found []*unstructured.Unstructured) {
	t.Helper()
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(file), 4096); ; {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, file)
		}
		if len(object.Object) > 0 {
			found = append(found, object)
		}
	}
}

// ofOurKinds are the objects that the operator manages.
func ofOurKinds(all []*unstructured.Unstructured) (ours []*unstructured.Unstructured) {
	for _, object := range all {
		if object.GroupVersionKind().Group == "ecs-operator.dev" {
			ours = append(ours, object)
		}
	}
	return ours
}

// examples are the objects of each folder of examples/, rendered as Argo CD does: by Helm where there is a chart, with each
// of its files of values; by Kustomize where there is a kustomization; else every file.
func examples(t *testing.T) map[string][]*unstructured.Unstructured {
	t.Helper()
	found := map[string][]*unstructured.Unstructured{}
	top := filepath.Join(root, "examples")
	err := filepath.WalkDir(top, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.IsDir() || path == top {
			return err
		}
		name := strings.ReplaceAll(strings.TrimPrefix(path, top+"/"), "/", "-")
		keep := func(name string, rendered []byte, err error) {
			if err != nil {
				t.Fatalf("%s: %v: %s", path, err, said(err))
			}
			if ours := ofOurKinds(objects(t, rendered)); len(ours) > 0 {
				found[name] = ours
			}
		}
		has := func(name string) bool { _, err := os.Stat(filepath.Join(path, name)); return err == nil }
		switch {
		case has("Chart.yaml"):
			for _, values := range append([]string{filepath.Join(path, "values.yaml")}, glob(t, path, "values-*.yaml")...) {
				rendered, err := exec.Command(tool("helm"), "template", "shop", path, "--values", values).Output()
				keep(name+"-"+strings.TrimSuffix(filepath.Base(values), ".yaml"), rendered, err)
			}
			return filepath.SkipDir
		case has("kustomization.yaml"):
			rendered, err := exec.Command(tool("kubectl"), "kustomize", path).Output()
			keep(name, rendered, err)
		default:
			var files []byte
			for _, file := range glob(t, path, "*.yaml") {
				files = append(append(files, "\n---\n"...), must[[]byte](t)(os.ReadFile(file))...)
			}
			keep(name, files, nil)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("examples/ has no object of ours")
	}
	return found
}

// glob are the files of a folder, by a pattern.
func glob(t *testing.T, folder, pattern string) []string {
	t.Helper()
	return must[[]string](t)(filepath.Glob(filepath.Join(folder, pattern)))
}

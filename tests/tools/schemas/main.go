// Command schemas prints what the charts' manifests are held against: JSON Schemas of the kinds that they render, as five
// minor versions of Kubernetes have them, from the OpenAPI document in the published module k8s.io/kubernetes, and the
// CustomResourceDefinitions of prometheus-operator, from its module. It downloads some 200 MB; its output is committed:
//
//	cd tests/tools && go run ./schemas >../chart/schemas.json
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// kubernetes are the versions, the oldest that the charts' kubeVersion lets in first.
var kubernetes = []string{"v1.33.13", "v1.34.4", "v1.35.4", "v1.36.3", "v1.37.1"}

const operator = "github.com/prometheus-operator/prometheus-operator@v0.85.0"

// kinds names the file of each kind as kubeconform asks for it.
var kinds = map[string]string{
	"clusterrole-rbac-v1":                       "io.k8s.api.rbac.v1.ClusterRole",
	"clusterrolebinding-rbac-v1":                "io.k8s.api.rbac.v1.ClusterRoleBinding",
	"configmap-v1":                              "io.k8s.api.core.v1.ConfigMap",
	"customresourcedefinition-apiextensions-v1": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
	"deployment-apps-v1":                        "io.k8s.api.apps.v1.Deployment",
	"networkpolicy-networking-v1":               "io.k8s.api.networking.v1.NetworkPolicy",
	"poddisruptionbudget-policy-v1":             "io.k8s.api.policy.v1.PodDisruptionBudget",
	"role-rbac-v1":                              "io.k8s.api.rbac.v1.Role",
	"rolebinding-rbac-v1":                       "io.k8s.api.rbac.v1.RoleBinding",
	"service-v1":                                "io.k8s.api.core.v1.Service",
	"serviceaccount-v1":                         "io.k8s.api.core.v1.ServiceAccount",
}

type object = map[string]any

func main() {
	minors := object{}
	before := object{}
	for _, version := range kubernetes {
		all := read(filepath.Join(module("k8s.io/kubernetes@"+version), "api/openapi-spec/swagger.json"))["definitions"].(object)
		now := object{}
		for _, name := range kinds {
			collect(all, name, now)
		}
		minors[version[1:strings.LastIndex(version, ".")]] = changes(before, now)
		before = now
	}
	var monitors []any
	for _, name := range []string{"podmonitors", "prometheusrules", "servicemonitors"} {
		crd := read(filepath.Join(module(operator), "example/prometheus-operator-crd/monitoring.coreos.com_"+name+".yaml"))
		monitors = append(monitors, lean(crd))
	}
	out, err := json.Marshal(object{
		"origin":      fmt.Sprintf("Made by tests/tools/schemas from k8s.io/kubernetes %s and %s; Apache License 2.0.", strings.Join(kubernetes, ", "), operator),
		"kinds":       kinds,
		"definitions": minors,
		"monitoring":  monitors,
	})
	check(err)
	// A definition a line, so that a change can be seen.
	fmt.Println(strings.ReplaceAll(string(out), `"io.k8s.`, "\n\"io.k8s."))
}

// changes are the definitions that differ from those of the minor before; null is one that is gone.
func changes(before, now object) object {
	changed := object{}
	for name, definition := range now {
		if !reflect.DeepEqual(before[name], definition) {
			changed[name] = definition
		}
	}
	for name := range before {
		if now[name] == nil {
			changed[name] = nil
		}
	}
	return changed
}

// collect adds a definition and those that it refers to.
func collect(all object, name string, found object) {
	if found[name] != nil {
		return
	}
	found[name] = strict(all[name], name)
	var follow func(any)
	follow = func(node any) {
		switch node := node.(type) {
		case object:
			if reference, ok := node["$ref"].(string); ok {
				collect(all, strings.TrimPrefix(reference, "#/definitions/"), found)
			}
			for _, inner := range node {
				follow(inner)
			}
		case []any:
			for _, inner := range node {
				follow(inner)
			}
		}
	}
	follow(found[name])
}

// strict makes a JSON Schema of an OpenAPI one that takes no member which Kubernetes does not have.
func strict(node any, name string) any {
	schema, ok := node.(object)
	if !ok {
		return node
	}
	made := object{}
	for _, keep := range []string{"$ref", "type", "required", "enum"} {
		if schema[keep] != nil {
			made[keep] = schema[keep]
		}
	}
	switch {
	case schema["format"] == "int-or-string":
		made["type"] = []any{"string", "integer"}
	case strings.HasSuffix(name, ".resource.Quantity"):
		made["type"] = []any{"string", "number"}
	}
	if properties, ok := schema["properties"].(object); ok {
		inner := object{}
		for member, value := range properties {
			inner[member] = strict(value, "")
		}
		made["properties"], made["additionalProperties"] = inner, false
	}
	for _, part := range []string{"items", "additionalProperties"} {
		if schema[part] != nil {
			made[part] = strict(schema[part], "")
		}
	}
	return made
}

// lean leaves out the descriptions, which are most of a CustomResourceDefinition.
func lean(node any) any {
	switch node := node.(type) {
	case object:
		made := object{}
		for key, value := range node {
			// A description is text; a member that is called so has a schema.
			if _, isText := value.(string); key != "description" || !isText {
				made[key] = lean(value)
			}
		}
		return made
	case []any:
		made := slices.Clone(node)
		for i := range made {
			made[i] = lean(made[i])
		}
		return made
	}
	return node
}

// module downloads a module, unless it is there, and says where it is.
func module(version string) string {
	out, err := exec.Command("go", "mod", "download", "-json", version).Output()
	check(err)
	var found struct{ Dir string }
	check(json.Unmarshal(out, &found))
	return found.Dir
}

func read(path string) object {
	text, err := os.ReadFile(path)
	check(err)
	var document object
	check(yaml.Unmarshal(text, &document))
	return document
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "schemas:", err)
		os.Exit(1)
	}
}

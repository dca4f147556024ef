package argocd

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// fullSurface is a fixture with every member of every kind.
const fullSurface = "tests/argo-cd/testdata/full-surface.yaml"

// existingSecret takes the place of clientSecret, where AWS has the rule already: not in the fixture, but in an edit of it.
const existingSecret = "EcsService.spec.loadBalancers[].targetGroup.rules[].actions[].authenticateOidcConfig.useExistingClientSecret"

// keepSecrets has AWS keep the client secrets that it has.
func keepSecrets(t *testing.T, all []*unstructured.Unstructured) {
	t.Helper()
	kept := 0
	var walk func(value any)
	walk = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			if _, there := value["clientSecret"]; there {
				delete(value, "clientSecret")
				value["useExistingClientSecret"] = true
				kept++
			}
			for _, inner := range value {
				walk(inner)
			}
		case []any:
			for _, inner := range value {
				walk(inner)
			}
		}
	}
	for _, object := range all {
		walk(object.Object)
	}
	if kept == 0 {
		t.Fatal("the full surface has no client secret")
	}
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
			if !said[path] && kind+"."+path != existingSecret {
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

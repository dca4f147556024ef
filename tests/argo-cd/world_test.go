package argocd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// rate is how many virtual AWS seconds a real second has.
const rate = "60"

// leash runs a program that ends when standard input closes, so that it ends with the test, however that ends.
const leash = `exec 3<&0
"$@" 3<&- </dev/null & program=$!
{ cat <&3; kill -KILL $program; } >/dev/null 2>&1 &
wait $program`

// world is a namespace, an AWS account and an operator that watches the namespace.
type world struct {
	*plane
	t         *testing.T
	namespace string
	aws       string   // where the simulator listens
	log       string   // the operator's
	others    []string // ARNs of target groups that are not the operator's
}

// newWorld starts an AWS and an operator for one test.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWatched(t, "1s")
}

// newWorldWatched is one whose operator looks for drift so often. What it writes is judged as long as the test runs.
func newWorldWatched(t *testing.T, driftPeriod string) *world {
	t.Helper()
	w := &world{plane: thePlane(t), t: t, namespace: strings.ReplaceAll(strings.ToLower(filepath.Base(t.Name())), "_", "-")}
	must[string](t)(w.kubectl("", "create", "namespace", w.namespace))

	simulator := exec.Command(built("simulator"), append([]string{"--rate", rate, "--with-load-balancer"}, untilExit...)...)
	lines := must[[]string](t)(startUntilReady(simulator))
	w.aws = strings.TrimPrefix(lines[len(lines)-1], "ready ")
	t.Cleanup(func() { _ = simulator.Process.Kill(); _ = simulator.Wait() })

	// What an example takes for granted.
	w.ask("ecs", "CreateCapacityProvider", map[string]any{"name": "on-demand", "autoScalingGroupProvider": map[string]any{
		"autoScalingGroupArn": "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:00000000-0000-0000-0000-000000000000:autoScalingGroupName/ecs",
		"managedScaling":      map[string]any{"status": "ENABLED"},
	}})

	w.log = filepath.Join(scratch, w.namespace+".log")
	log := must[*os.File](t)(os.Create(w.log))
	operator := exec.Command("sh", "-c", leash, "sh", built("ecs-operator"), "run", "--region", "us-east-1",
		"--endpoint-url", w.aws, "--allow-insecure-endpoint", "--no-rate-limits", "--watch-namespace", w.namespace, "--cluster-id", "argo-cd",
		"--poll-period", "200ms", "--drift-period", driftPeriod, "--retry-min", "100ms", "--retry-max", "1s", "--aws-timeout", "3s",
		"--listen", "127.0.0.1:0", "--log-format", "text")
	operator.Env = append(os.Environ(), "KUBECONFIG="+w.operator, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test")
	operator.Stdout, operator.Stderr = log, log
	hold := must[io.WriteCloser](t)(operator.StdinPipe())
	if err := operator.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = hold.Close()
		_ = operator.Wait()
		_ = log.Close()
		if t.Failed() {
			t.Logf("the operator said:\n%s", tail(w.log))
		}
	})
	w.judge()
	return w
}

// tail is the end of a file.
func tail(path string) string {
	text, _ := os.ReadFile(path)
	return string(text[max(0, len(text)-6000):])
}

// resource is where objects of one of our kinds are.
func (w *world) resource(kind string) dynamic.ResourceInterface {
	resource := schema.GroupVersionResource{Group: "ecs-operator.dev", Version: "v1alpha1", Resource: strings.ToLower(kind) + "s"}
	return w.client.Resource(resource).Namespace(w.namespace)
}

// live is an object as it is now; nil: there is none.
func (w *world) live(of *unstructured.Unstructured) *unstructured.Unstructured {
	w.t.Helper()
	object, err := w.resource(of.GetKind()).Get(w.t.Context(), of.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return must[*unstructured.Unstructured](w.t)(object, err)
}

// untilReady waits until objects are Ready for the spec that they have.
func (w *world) untilReady(objects ...*unstructured.Unstructured) {
	w.t.Helper()
	w.untilAll("is Ready", objects, func(live *unstructured.Unstructured) bool { return live != nil && isReady(live) })
}

// untilAll waits until all objects are so; else it says how those are that are not.
func (w *world) untilAll(what string, objects []*unstructured.Unstructured, so func(live *unstructured.Unstructured) bool) {
	w.t.Helper()
	eventually(w.t, "each "+what, func() (bool, string) {
		var others []string
		for _, object := range objects {
			if live := w.live(object); !so(live) {
				others = append(others, object.GetKind()+" "+object.GetName()+": "+conditions(live))
			}
		}
		return len(others) == 0, "otherwise:\n" + strings.Join(others, "\n")
	})
}

// untilGone waits until objects do not exist.
func (w *world) untilGone(objects ...*unstructured.Unstructured) {
	w.t.Helper()
	w.untilAll("is gone", objects, func(live *unstructured.Unstructured) bool { return live == nil })
}

// conditions are an object's, for messages.
func conditions(object *unstructured.Unstructured) string {
	if object == nil {
		return "not there"
	}
	found, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	return pretty(found)
}

// isReady says whether an object is Ready for the spec that it has.
func isReady(object *unstructured.Unstructured) bool {
	observed, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	return observed == object.GetGeneration() && condition(object, "Ready")["status"] == "True"
}

// condition is one of an object's conditions; nil: it has none of the type.
func condition(object *unstructured.Unstructured, of string) map[string]any {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, each := range conditions {
		if each, ok := each.(map[string]any); ok && each["type"] == of {
			return each
		}
	}
	return nil
}

// call is one call that the simulator got.
type call struct {
	Seq       uint64         `json:"seq"`
	AccessKey string         `json:"access_key"`
	Operation string         `json:"operation"`
	Request   map[string]any `json:"request"`
	Mutating  bool           `json:"mutating"`
}

// calls are the operator's, after one of them.
func (w *world) calls(after uint64) (calls []call) {
	w.t.Helper()
	for decoder := json.NewDecoder(bytes.NewReader(w.levers("GET", fmt.Sprintf("journal?from=%d", after+1), nil))); decoder.More(); {
		var each call
		if err := decoder.Decode(&each); err != nil {
			w.t.Fatal(err)
		}
		if each.AccessKey == "test" {
			calls = append(calls, each)
		}
	}
	return calls
}

// now is the number of the operator's last call.
func (w *world) now() (last uint64) {
	for _, call := range w.calls(0) {
		last = call.Seq
	}
	return last
}

// mutations are the names of the operator's calls that change AWS, after one of its calls.
func (w *world) mutations(after uint64) (names []string) {
	for _, call := range w.calls(after) {
		if call.Mutating {
			names = append(names, call.Operation)
		}
	}
	return names
}

// untilLooked waits until the operator asked AWS a question so many times more, after one of its calls.
func (w *world) untilLooked(operation string, times int, after uint64) {
	w.t.Helper()
	eventually(w.t, fmt.Sprintf("%d %s", times, operation), func() (bool, string) {
		counts := map[string]int{}
		for _, call := range w.calls(after) {
			counts[call.Operation]++
		}
		return counts[operation] >= times, fmt.Sprint(counts)
	})
}

// looks are the operator's reads of what the kinds are in AWS: a call, and the member that names what is read.
var looks = map[string][2]string{
	"EcsCluster":        {"DescribeClusters", "clusters"},
	"EcsTaskDefinition": {"DescribeTaskDefinition", "taskDefinition"},
	"EcsService":        {"DescribeServices", "services"},
}

// lookedAt is how often the operator read what an object is in AWS, after one of its calls.
func (w *world) lookedAt(object *unstructured.Unstructured, after uint64) (times int) {
	w.t.Helper()
	arn, _, _ := unstructured.NestedString(w.live(object).Object, "status", "arn")
	name, _, _ := strings.Cut(arn[strings.LastIndex(arn, "/")+1:], ":")
	look, known := looks[object.GetKind()]
	if name == "" || !known {
		w.t.Fatalf("%s %s: nobody knows how it is read in AWS, or what it is there: %q", object.GetKind(), object.GetName(), arn)
	}
	for _, call := range w.calls(after) {
		// A list of names and ARNs, or one name.
		named := strings.Fields(strings.Trim(fmt.Sprint(call.Request[look[1]]), "[]"))
		if call.Operation == look[0] && slices.ContainsFunc(named, func(each string) bool { return each == name || strings.HasSuffix(each, "/"+name) }) {
			times++
		}
	}
	return times
}

// untilEachIsLookedAt waits until the operator read so many times more what each of the objects is in AWS.
func (w *world) untilEachIsLookedAt(objects []*unstructured.Unstructured, times int, after uint64) {
	w.t.Helper()
	for _, object := range objects {
		eventually(w.t, fmt.Sprintf("%s %s is looked at", object.GetKind(), object.GetName()), func() (bool, string) {
			found := w.lookedAt(object, after)
			return found >= times, fmt.Sprintf("looked at %d times, not %d", found, times)
		})
	}
}

// ask makes a call of a person with all rights in AWS.
func (w *world) ask(service, operation string, input map[string]any) map[string]any {
	w.t.Helper()
	answer := w.levers("POST", "api", map[string]any{"service": service, "operation": operation, "input": input})
	found := map[string]any{}
	if err := json.Unmarshal(answer, &found); err != nil {
		w.t.Fatalf("%s: %v: %s", operation, err, answer)
	}
	return found
}

// runs fails unless AWS runs so many tasks of an image, and of no other.
func (w *world) runs(count int, image string) {
	w.t.Helper()
	if otherwise := w.otherwise(count, image); otherwise != "" {
		w.t.Error(otherwise)
	}
}

// otherwise says what AWS runs, if that is not so many tasks of an image and no others.
func (w *world) otherwise(count int, image string) string {
	w.t.Helper()
	cluster := w.namespace + "-main"
	tasks, _, _ := unstructured.NestedSlice(w.ask("ecs", "ListTasks", map[string]any{"cluster": cluster}), "taskArns")
	described := fmt.Sprint(w.ask("ecs", "DescribeTasks", map[string]any{"cluster": cluster, "tasks": tasks}))
	if found := strings.Count(described, "image:public.ecr.aws/nginx/"+image); found != count || len(tasks) != count {
		return fmt.Sprintf("AWS runs %d tasks, %d of %s, not %d: %s", len(tasks), found, image, count, described)
	}
	return ""
}

// left is what of the operator's making AWS still has, but for task definitions that are no longer ACTIVE.
func (w *world) left() map[string]any {
	w.t.Helper()
	left := map[string]any{}
	keep := func(name string, found any) {
		if found, _ := found.([]any); len(found) > 0 {
			left[name] = found
		}
	}
	keep("clusters", w.ask("ecs", "ListClusters", map[string]any{})["clusterArns"])
	keep("task definitions", w.ask("ecs", "ListTaskDefinitions", map[string]any{"status": "ACTIVE"})["taskDefinitionArns"])
	groups := w.ask("elasticloadbalancing", "DescribeTargetGroups", map[string]any{})["TargetGroups"]
	keep("target groups", slices.DeleteFunc(groups.([]any), func(group any) bool {
		return slices.Contains(w.others, group.(map[string]any)["TargetGroupArn"].(string))
	}))
	return left
}

// levers asks the simulator for one of its own.
func (w *world) levers(method, path string, body any) []byte {
	w.t.Helper()
	encoded := must[[]byte](w.t)(json.Marshal(body))
	request := must[*http.Request](w.t)(http.NewRequestWithContext(w.t.Context(), method, w.aws+"/_control/"+path, bytes.NewReader(encoded)))
	response := must[*http.Response](w.t)(http.DefaultClient.Do(request))
	defer response.Body.Close()
	answer := must[[]byte](w.t)(io.ReadAll(response.Body))
	if response.StatusCode != http.StatusOK {
		w.t.Fatalf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	return answer
}

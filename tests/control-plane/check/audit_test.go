package check

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// record is what tests read of a line of the audit log.
type record struct {
	Stage, Verb              string
	User                     struct{ Username string }
	ObjectRef                *struct{ Resource, Namespace, Name string }
	ResponseStatus           struct{ Code int }
	RequestReceivedTimestamp time.Time
}

func auditLog(t *testing.T, p *plane) []record {
	t.Helper()
	text := must[[]byte](t)(os.ReadFile(filepath.Join(p.dir, "audit.log")))
	var records []record
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			break // another test's request is being written
		}
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("the line %q of the audit log is no JSON: %v", line, err)
		}
		records = append(records, r)
	}
	return records
}

func TestAuditLogHoldsEachRequestWhenItIsAnswered(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t, nil)
	account, name := reader(t, shared, namespace)
	before := time.Now()
	maps := account.CoreV1().ConfigMaps(namespace)
	must[*v1.ConfigMap](t)(maps.Create(t.Context(), configMap("mine"), metav1.CreateOptions{}))
	must[*v1.ConfigMap](t)(maps.Get(t.Context(), "mine", metav1.GetOptions{}))
	if err := maps.Delete(t.Context(), "mine", metav1.DeleteOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("the deletion should be forbidden, but: %v", err)
	}

	var got []string
	for _, r := range auditLog(t, shared) {
		if r.User.Username != name || r.ObjectRef == nil || r.ObjectRef.Name != "mine" {
			continue
		}
		if r.Stage != "ResponseComplete" || r.ObjectRef.Resource != "configmaps" || r.ObjectRef.Namespace != namespace ||
			r.RequestReceivedTimestamp.Before(before) {
			t.Errorf("the record %+v is wrong", r)
		}
		got = append(got, r.Verb+" "+map[int]string{200: "done", 201: "done", 403: "refused"}[r.ResponseStatus.Code])
	}
	if expected := []string{"create done", "get done", "delete refused"}; !slices.Equal(got, expected) {
		t.Errorf("the audit log should hold %q, and holds %q", expected, got)
	}
}

func TestAuditLogLeavesOutTheControlPlaneItself(t *testing.T) {
	newNamespace(t, nil)
	for _, r := range auditLog(t, shared) {
		if r.User.Username == "system:apiserver" || r.User.Username == "system:kube-controller-manager" {
			t.Fatalf("the record %+v should not be there", r)
		}
	}
}

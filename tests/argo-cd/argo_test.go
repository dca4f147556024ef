package argocd

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// story is Argo CD's application controller and repo-server at work on a control plane, with a Git repository.
type story struct {
	*world
	repository string
}

// settings are what Argo CD needs besides deploy/argocd/argocd-cm.yaml: Git is asked often, and without jitter.
const settings = `
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
data: {timeout.reconciliation: 1s, timeout.reconciliation.jitter: 0s}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-rbac-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
---
apiVersion: v1
kind: Secret
metadata: {name: argocd-secret, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
stringData: {server.secretkey: c2VjcmV0}
`

// newStory installs Argo CD's kinds and settings, and starts its programs.
func newStory(t *testing.T) *story {
	t.Helper()
	a := &story{world: newWorld(t), repository: filepath.Join(scratch, "repository")}
	a.installArgoKinds(t)
	must[string](t)(a.kubectl("", "create", "namespace", "argocd"))
	must[string](t)(a.kubectl(settings, "apply", "-f", "-"))
	// As its first line says.
	must[string](t)(a.kubectl("", "apply", "--server-side", "--field-manager", "ecs-operator", "-f", filepath.Join(root, "deploy/argocd/argocd-cm.yaml")))

	redis := miniredis.RunT(t).Addr()
	server := a.program("argocd-repo-server", func(port, metrics string) []string {
		return []string{"--address", "127.0.0.1", "--port", port, "--metrics-address", "127.0.0.1", "--metrics-port", metrics,
			"--redis", redis, "--disable-tls", "--client-ca-path=", "--revision-cache-expiration", "1s"}
	})
	a.program("argocd-application-controller", func(_, metrics string) []string {
		return []string{"--namespace", "argocd", "--redis", redis, "--repo-server", server, "--repo-server-plaintext", "--metrics-port", metrics,
			"--app-resync", "1", "--app-resync-jitter", "0", "--persist-resource-health"}
	})
	return a
}

// installArgoKinds installs Argo CD's own CustomResourceDefinitions.
func (p *plane) installArgoKinds(t *testing.T) {
	t.Helper()
	module := must[string](t)(argoCD())
	must[string](t)(p.kubectl("", "apply", "--server-side", "-k", filepath.Join(module, "manifests/crds")))
	if err := p.untilEstablished(); err != nil {
		t.Fatal(err)
	}
}

// program starts one of Argo CD's programs, and returns where it serves.
func (a *story) program(name string, flags func(port, metrics string) []string) string {
	t := a.t
	t.Helper()
	home := filepath.Join(scratch, name)
	for _, folder := range []string{"tls", "ssh", "gpg", "plugins", "tmp", "bin"} {
		if err := os.MkdirAll(filepath.Join(home, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// The module cache has it without the right to be executed.
	script := must[[]byte](t)(os.ReadFile(filepath.Join(must[string](t)(argoCD()), "hack/git-verify-wrapper.sh")))
	write(t, filepath.Join(home, "bin/git-verify-wrapper.sh"), string(script), 0o700)
	write(t, filepath.Join(home, "ssh/ssh_known_hosts"), "", 0o600)
	log := must[*os.File](t)(os.Create(filepath.Join(home, "log")))
	port, metrics := freePort(t), freePort(t)
	command := exec.Command(must[string](t)(os.Executable()), flags(port, metrics)...)
	command.Env = append(os.Environ(), asProgram+"="+name, "HOME="+home, "TMPDIR="+filepath.Join(home, "tmp"), "PATH="+filepath.Join(home, "bin")+":"+os.Getenv("PATH"),
		"KUBECONFIG="+a.kubeconfig, "ARGOCD_FAKE_IN_CLUSTER=true", "HOSTNAME=argocd-application-controller-0", "ARGOCD_GPG_ENABLED=false",
		"ARGOCD_TLS_DATA_PATH="+filepath.Join(home, "tls"), "ARGOCD_SSH_DATA_PATH="+filepath.Join(home, "ssh"),
		"ARGOCD_GNUPGHOME="+filepath.Join(home, "gpg"), "ARGOCD_PLUGINSOCKFILEPATH="+filepath.Join(home, "plugins"), "ARGOCD_SYNC_WAVE_DELAY=0")
	command.Stdout, command.Stderr = log, log
	hold := must[io.WriteCloser](t)(command.StdinPipe())
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = hold.Close()
		_ = command.Wait()
		_ = log.Close()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, tail(log.Name()))
		}
	})
	return "127.0.0.1:" + port
}

// freePort is one that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	listener := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// write writes a file.
func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// git runs git in the repository, as nobody's configuration says.
func (a *story) git(args ...string) string {
	a.t.Helper()
	command := exec.Command("git", append([]string{"-C", a.repository, "-c", "user.name=dev", "-c", "user.email=dev@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	printed, err := command.Output()
	if err != nil {
		a.t.Fatalf("git %s: %v: %s", args, err, said(err))
	}
	return strings.TrimSpace(string(printed))
}

// push commits what is in the repository's folder, tells Argo CD, as a webhook would, and returns the revision.
func (a *story) push(message string) string {
	a.t.Helper()
	a.git("add", "--all")
	a.git("commit", "--quiet", "--message", message)
	return a.refreshed()
}

// refreshed tells Argo CD that there is something new in Git.
func (a *story) refreshed() string {
	a.t.Helper()
	must[string](a.t)(a.kubectl("", "annotate", "--overwrite", "-n", "argocd", "application", application, "argocd.argoproj.io/refresh=normal"))
	return a.git("rev-parse", "HEAD")
}

// applications is where Argo CD's applications are.
func (p *plane) applications() dynamic.ResourceInterface {
	return p.client.Resource(schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "applications"}).Namespace("argocd")
}

// application is the story's, as Argo CD has it now.
func (a *story) application() *v1alpha1.Application {
	a.t.Helper()
	object := must[*unstructured.Unstructured](a.t)(a.applications().Get(a.t.Context(), application, metav1.GetOptions{}))
	typed := &v1alpha1.Application{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed); err != nil {
		a.t.Fatal(err)
	}
	return typed
}

// until waits until the application is Synced to a revision, and its health is so.
func (a *story) until(revision, health string) *v1alpha1.Application {
	a.t.Helper()
	var found *v1alpha1.Application
	eventually(a.t, "the application is Synced and "+health, func() (bool, string) {
		found = a.application()
		status := found.Status
		operation, _ := json.Marshal(status.OperationState)
		return status.Sync.Status == v1alpha1.SyncStatusCodeSynced && status.Sync.Revision == revision && string(status.Health.Status) == health,
			fmt.Sprintf("%s and %s at %s; %v; %s; %s", status.Sync.Status, status.Health.Status, status.Sync.Revision, status.Conditions, operation, pretty(status.Resources))
	})
	return found
}

// healthIn is what Argo CD says of one object.
func healthIn(t *testing.T, of *v1alpha1.Application, kind, name string) v1alpha1.HealthStatus {
	t.Helper()
	for _, each := range of.Status.Resources {
		if each.Kind == kind && each.Name == name && each.Health != nil {
			return *each.Health
		}
	}
	t.Fatalf("Argo CD says nothing of the health of %s %s: %s", kind, name, pretty(of.Status.Resources))
	return v1alpha1.HealthStatus{}
}

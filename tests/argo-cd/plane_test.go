package argocd

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

// patience is how long tests wait for what takes seconds, so that a busy machine fails none.
const patience = time.Minute

// plane is a Kubernetes control plane with the operator's kinds and rights. All tests share one.
type plane struct {
	command    *exec.Cmd
	kubeconfig string
	config     *rest.Config
	client     dynamic.Interface
	operator   string // the operator's own kubeconfig
}

var started struct {
	sync.Mutex
	plane *plane
	err   error
	tried bool
}

// thePlane is the control plane, started when the first test asks for it.
func thePlane(t *testing.T) *plane {
	t.Helper()
	started.Lock()
	defer started.Unlock()
	if !started.tried {
		started.tried = true
		started.plane, started.err = startPlane()
	}
	if started.err != nil {
		t.Fatal(started.err)
	}
	return started.plane
}

// endPlane stops the control plane, if one was started.
func endPlane() {
	if p := started.plane; p != nil {
		_ = p.command.Process.Signal(syscall.SIGTERM)
		_ = p.command.Wait()
	}
}

func startPlane() (*plane, error) {
	dir := filepath.Join(scratch, "control-plane")
	p := &plane{kubeconfig: filepath.Join(dir, "kubeconfig")}
	p.command = exec.Command(tool("control-plane"), append([]string{"up", "--dir", dir}, untilExit...)...)
	if _, err := startUntilReady(p.command); err != nil {
		return nil, err
	}
	var err error
	if p.config, err = clientcmd.BuildConfigFromFlags("", p.kubeconfig); err != nil {
		return nil, err
	}
	p.config.QPS = -1
	if p.client, err = dynamic.NewForConfig(p.config); err != nil {
		return nil, err
	}
	return p, p.install()
}

// startUntilReady starts a program and returns the lines that it printed, once one begins with "ready".
func startUntilReady(command *exec.Cmd) ([]string, error) {
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("%w; run: make tools build", err)
	}
	var lines []string
	for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
		lines = append(lines, scanner.Text())
		if strings.HasPrefix(scanner.Text(), "ready") {
			return lines, nil
		}
	}
	return nil, fmt.Errorf("%s did not get ready: %w, %s", command.Path, command.Wait(), &stderr)
}

// install makes the operator's kinds and rights as the chart has them, and a kubeconfig with those rights.
func (p *plane) install() error {
	chart := exec.Command(tool("helm"), "template", "ecs-operator", filepath.Join(root, "charts/ecs-operator"), "--namespace", "ecs-operator",
		"-s", "templates/crds.yaml", "-s", "templates/serviceaccount.yaml", "-s", "templates/rbac.yaml")
	rendered, err := chart.Output()
	if err != nil {
		return fmt.Errorf("the chart does not render: %w, %s", err, said(err))
	}
	for _, step := range [][]string{
		{"create", "namespace", "ecs-operator"},
		{"apply", "--server-side", "-f", "-"},
	} {
		if _, err := p.kubectl(string(rendered), step...); err != nil {
			return err
		}
	}
	if err := p.untilEstablished(); err != nil {
		return err
	}
	token, err := p.kubectl("", "create", "token", "ecs-operator", "-n", "ecs-operator", "--duration=2h")
	if err != nil {
		return err
	}
	config, err := clientcmd.LoadFromFile(p.kubeconfig)
	if err != nil {
		return err
	}
	for _, user := range config.AuthInfos {
		user.ClientCertificateData, user.ClientKeyData = nil, nil
		user.Token = strings.TrimSpace(token)
	}
	p.operator = filepath.Join(scratch, "operator.kubeconfig")
	return clientcmd.WriteToFile(*config, p.operator)
}

// untilEstablished waits until the API server serves every kind that is defined. kubectl fails at a definition that has no
// conditions yet, and is asked again.
func (p *plane) untilEstablished() (err error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if _, err = p.kubectl("", "wait", "--for=condition=Established", "crd", "--all"); err == nil {
			return nil
		}
	}
	return err
}

// kubectl runs kubectl as an administrator and returns what it printed.
func (p *plane) kubectl(input string, args ...string) (string, error) {
	command := exec.Command(tool("kubectl"), append([]string{"--kubeconfig", p.kubeconfig}, args...)...)
	command.Stdin = strings.NewReader(input)
	printed, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, said(err))
	}
	return string(printed), nil
}

// said is what a command that failed wrote to standard error.
func said(err error) string {
	if exit, ok := err.(*exec.ExitError); ok {
		return string(exit.Stderr)
	}
	return ""
}

// eventually waits until something is so; if it never is, it says what and how it was instead.
func eventually(t *testing.T, what string, so func() (bool, string)) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		ok, instead := so()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not so after %v: %s; it is %s", patience, what, instead)
		}
	}
}

// pretty is a value as YAML, for messages.
func pretty(value any) string {
	text, err := yaml.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// read is a file of the repository.
func read(t *testing.T, path ...string) []byte {
	t.Helper()
	return must[[]byte](t)(os.ReadFile(filepath.Join(append([]string{root}, path...)...)))
}

// decode reads JSON.
func decode(t *testing.T, encoded []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(encoded, into); err != nil {
		t.Fatalf("%v: %s", err, encoded)
	}
}

// ofGroup is one of the operator's kinds.
func ofGroup(kind string) schema.GroupKind {
	return schema.GroupKind{Group: "ecs-operator.dev", Kind: kind}
}

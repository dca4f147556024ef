package check

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// patience is how long tests wait for what takes a second or two, so that a busy machine fails none.
const patience = time.Minute

// plane is a control plane that a test started.
type plane struct {
	dir     string
	config  *rest.Config
	command *exec.Cmd
	stderr  *bytes.Buffer
	exited  chan error
}

// start runs `up` and returns once it is ready.
func start(dir string, flags ...string) (*plane, error) {
	p := &plane{dir: dir, stderr: &bytes.Buffer{}, exited: make(chan error, 1)}
	p.command = exec.Command(program, append([]string{"up", "--dir", dir}, flags...)...)
	p.command.Stderr = p.stderr
	stdout, err := p.command.StdoutPipe()
	if err == nil {
		err = p.command.Start()
	}
	if err != nil {
		return nil, err
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	go func() { p.exited <- p.command.Wait() }()
	if line != "ready\n" {
		return nil, fmt.Errorf("instead of ready, up said %q %s(%v)", line, p.stderr, <-p.exited)
	}
	if p.config, err = clientcmd.BuildConfigFromFlags("", p.kubeconfig()); err != nil {
		return nil, errors.Join(err, p.end())
	}
	p.config.QPS = -1
	return p, nil
}

// startOwn starts a control plane for one test, which may have ended it already when the test is over.
func startOwn(t *testing.T, dir string, flags ...string) *plane {
	t.Helper()
	p, err := start(dir, flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.command.Process.Kill() })
	return p
}

// refused runs `up` with flags that it can't start with, and returns what it says.
func refused(t *testing.T, flags ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, program, append([]string{"up"}, flags...)...)
	said, err := command.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Fatalf("up %s should end with code 1, but: %v, %s", flags, err, said)
	}
	return string(said)
}

func (p *plane) kubeconfig() string { return filepath.Join(p.dir, "kubeconfig") }

// end asks the control plane to end, and fails if it does not do so cleanly.
func (p *plane) end() error {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	return p.wait()
}

func (p *plane) wait() error {
	select {
	case err := <-p.exited:
		if err != nil || p.stderr.Len() > 0 {
			return fmt.Errorf("the control plane did not end cleanly: %v, %s", err, p.stderr)
		}
		return nil
	case <-time.After(patience):
		_ = p.command.Process.Kill()
		return fmt.Errorf("the control plane was still there after %v", patience)
	}
}

// kubectl runs kubectl against the control plane, and returns what it printed.
func (p *plane) kubectl(input string, args ...string) (string, error) {
	command := exec.Command(program, append([]string{"kubectl", "--kubeconfig", p.kubeconfig()}, args...)...)
	command.Stdin = strings.NewReader(input)
	said, err := command.CombinedOutput()
	return string(said), err
}

// newNamespace makes a namespace for one test in the shared control plane.
func newNamespace(t *testing.T, labels map[string]string) string {
	t.Helper()
	namespace, err := shared.client().CoreV1().Namespaces().Create(t.Context(),
		&v1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "check-", Labels: labels}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return namespace.Name
}

// eventually waits until something is so, and says what if it never is.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not so after %v: %s", patience, what)
		}
	}
}

func must[T any](t *testing.T) func(value T, err error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

package check

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestProgramNamedKubectlIsKubectl(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "kubectl")
	if err := os.Symlink(program, link); err != nil {
		t.Fatal(err)
	}
	namespace := newNamespace(t, nil)
	run := func(input string, args ...string) (string, error) {
		command := exec.Command(link, append([]string{"--namespace", namespace}, args...)...)
		command.Env = append(os.Environ(), "KUBECONFIG="+shared.kubeconfig())
		command.Stdin = strings.NewReader(input)
		said, err := command.CombinedOutput()
		return string(said), err
	}
	const manifest = "{apiVersion: v1, kind: ConfigMap, metadata: {name: mine}, data: {key: VALUE}}"

	if said, err := run("", "version"); err != nil || !strings.Contains(said, "Server Version: v1.36.") {
		t.Errorf("kubectl version should name server 1.36, but: %v, %s", err, said)
	}
	if said, err := run(manifest, "apply", "-f", "-"); err != nil || said != "configmap/mine created\n" {
		t.Errorf("kubectl apply should create the ConfigMap, but: %v, %s", err, said)
	}
	if said, err := run(manifest, "diff", "-f", "-"); err != nil || said != "" {
		t.Errorf("kubectl diff of what was applied should be empty, but: %v, %s", err, said)
	}
	if said, err := run("", "get", "configmap", "mine", "-o", "jsonpath={.data.key}"); err != nil || said != "VALUE" {
		t.Errorf("kubectl get should print the value, but: %v, %s", err, said)
	}
	said, err := run("", "get", "configmap", "another")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(said, "(NotFound)") {
		t.Errorf("kubectl get of what is not there should end with code 1 and say so, but: %v, %s", err, said)
	}
}

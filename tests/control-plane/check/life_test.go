package check

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestSecondControlPlaneInTheSameFolderIsRefused(t *testing.T) {
	t.Parallel()
	said := refused(t, "--dir", shared.dir)
	expected := "the folder " + shared.dir + " is in use by a running control plane, process " + strconv.Itoa(shared.command.Process.Pid) + ";"
	if !strings.Contains(said, expected) || !strings.Contains(said, filepath.Join(shared.dir, "control-plane.log")) {
		t.Errorf("it should say %q and name the log, but says: %s", expected, said)
	}
	if _, err := os.Stat(shared.kubeconfig()); err != nil {
		t.Errorf("the running one should not be touched, but: %v", err)
	}
}

func TestWhatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	taken := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer taken.Close()
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	log := func(dir string) string { return "The log is " + filepath.Join(dir, "control-plane.log") }
	a, b := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	for _, one := range []struct {
		flags    []string
		expected []string
	}{
		{[]string{}, []string{"--dir is missing; name a folder"}},
		{[]string{"--dir", a, "--port", "70000"}, []string{"--port 70000 is no port; give a number"}},
		{[]string{"--dir", a, "--until-exit-of", "999999999"}, []string{"process 999999999, which does not exist"}},
		{[]string{"--dir", file}, []string{"the folder " + file + " can't be made"}},
		{[]string{"--dir", a, "--port", port}, []string{"port " + port + " of 127.0.0.1 is in use by another program", log(a)}},
		{[]string{"--dir", b, "--", "--no-such-flag"}, []string{"kube-apiserver failed: unknown flag: --no-such-flag", log(b)}},
	} {
		said := refused(t, one.flags...)
		for _, part := range one.expected {
			if !strings.Contains(said, part) {
				t.Errorf("up %q should say %q, but says: %s", one.flags, part, said)
			}
		}
	}
	if left := must[[]os.DirEntry](t)(os.ReadDir(b)); len(left) != 1 || left[0].Name() != "control-plane.log" {
		t.Errorf("a start that failed should leave its log and nothing else, but leaves %v", left)
	}
}

func TestRestartContinuesWithTheSameDataAndAddress(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "plane")
	p := startOwn(t, dir, "--keep")
	kubeconfig := must[[]byte](t)(os.ReadFile(p.kubeconfig()))
	account, _ := reader(t, p, "default")
	maps := account.CoreV1().ConfigMaps("default")
	must[*v1.ConfigMap](t)(maps.Create(t.Context(), configMap("mine"), metav1.CreateOptions{}))
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(p.kubeconfig()); !os.IsNotExist(err) {
		t.Errorf("there should be no kubeconfig while nothing serves, but: %v", err)
	}

	p = startOwn(t, dir, "--keep")
	if again := must[[]byte](t)(os.ReadFile(p.kubeconfig())); !bytes.Equal(again, kubeconfig) {
		t.Error("the kubeconfig should be the same after a restart")
	}
	must[*v1.ConfigMap](t)(maps.Get(t.Context(), "mine", metav1.GetOptions{})) // with the token from before
	must[*v1.ConfigMap](t)(maps.Create(t.Context(), configMap("late"), metav1.CreateOptions{}))
	if err := p.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.exited

	p = startOwn(t, dir)
	must[*v1.ConfigMap](t)(maps.Get(t.Context(), "late", metav1.GetOptions{}))
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	if left := must[[]os.DirEntry](t)(os.ReadDir(dir)); len(left) != 0 {
		t.Errorf("without --keep nothing should be left, but there are %v", left)
	}
}

func TestEndsWithTheProcessThatStartedIt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "plane")
	shell := exec.Command("sh", "-c", `"$0" up --dir "$1" & wait`, program, dir)
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	defer shell.Wait()
	eventually(t, "the kubeconfig is there", func() bool {
		_, err := os.Stat(filepath.Join(dir, "kubeconfig"))
		return err == nil
	})
	pid := must[int](t)(strconv.Atoi(strings.TrimSpace(string(must[[]byte](t)(os.ReadFile(filepath.Join(dir, "lock")))))))
	if err := shell.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	eventually(t, "the folder and the process are gone", func() bool {
		_, err := os.Stat(dir)
		return os.IsNotExist(err) && syscall.Kill(pid, 0) == syscall.ESRCH
	})
	t.Logf("gone %v after its parent", time.Since(begin))
}

func TestEndsWithTheProcessThatIsNamed(t *testing.T) {
	t.Parallel()
	named := exec.Command("sleep", "600")
	if err := named.Start(); err != nil {
		t.Fatal(err)
	}
	p := startOwn(t, filepath.Join(t.TempDir(), "plane"), "--until-exit-of", strconv.Itoa(named.Process.Pid))
	_ = named.Process.Kill()
	_ = named.Wait()
	if err := p.wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(p.dir); !os.IsNotExist(err) {
		t.Errorf("the folder should be gone, but: %v", err)
	}
}

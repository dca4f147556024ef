package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The names of what a control plane keeps in its folder.
const (
	auditFile      = "audit.log"         // every request, one JSON object a line
	auditPolicy    = "audit-policy.yaml" // what of a request is written there
	etcdFolder     = "etcd"
	kubeconfigFile = "kubeconfig" // there exactly while the control plane serves
	lockFile       = "lock"       // locked by, and holding the id of, the process that serves
	logFile        = "control-plane.log"
	pkiFolder      = "pki"
	portFile       = "port" // the port served on, for the next start
	unfinished     = ".new" // after the name of what is not complete yet
)

// directory is the folder of a control plane, claimed for this process.
type directory struct {
	path    string
	created bool // the folder was not there before
	resumed bool // an earlier control plane left its certificates, and perhaps data, to continue from
	lock    *os.File
}

func (d *directory) file(name string) string { return filepath.Join(d.path, name) }

// claim makes the folder if it is missing, and makes sure that no other control plane uses it. The kernel holds the
// lock, so that a process that was killed leaves none.
func claim(path string) (*directory, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("--dir %s has no absolute path: %w", path, err)
	}
	d := &directory{path: path}
	for d.lock == nil {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			d.created = true
		}
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, fmt.Errorf("the folder %s can't be made: %w", path, err)
		}
		if d.lock, err = takeLock(d.file(lockFile)); err != nil {
			return nil, err
		}
	}
	_, err = os.Stat(d.file(pkiFolder))
	d.resumed = err == nil
	// A killed process leaves its kubeconfig; nobody may take that for ours.
	if err := os.Remove(d.file(kubeconfigFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the kubeconfig of an earlier control plane can't be removed: %w", err)
	}
	return d, nil
}

// takeLock returns the locked file, or nothing if its last owner removed it meanwhile and the caller should try again.
func takeLock(path string) (*os.File, error) {
	folder := filepath.Dir(path)
	lock, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the folder %s can't be written to; choose another --dir: %w", folder, err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer lock.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s can't be locked: %w", path, err)
		}
		owner := make([]byte, 20)
		n, _ := lock.ReadAt(owner, 0)
		return nil, fmt.Errorf("the folder %s is in use by a running control plane, process %s; stop that one or choose another --dir. Its log is %s",
			folder, strings.TrimSpace(string(owner[:n])), filepath.Join(folder, logFile))
	}
	ours, err := lock.Stat()
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("%s can't be read: %w", path, err)
	}
	if there, err := os.Stat(path); err != nil || !os.SameFile(ours, there) {
		lock.Close()
		return nil, nil
	}
	err = lock.Truncate(0)
	if err == nil {
		_, err = lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("%s can't be written: %w", path, err)
	}
	return lock, nil
}

// leave ends the use of the folder. What is not to be kept is removed: first the kubeconfig, so that nobody starts to
// use what is going away, last the lock. The folder itself goes if this process made it and nothing is left in it.
func (d *directory) leave(keepData, keepLogs bool) error {
	defer d.lock.Close()
	names := []string{kubeconfigFile, kubeconfigFile + unfinished}
	if !keepData {
		names = append(names, etcdFolder, pkiFolder, pkiFolder+unfinished, portFile, auditPolicy)
	}
	if !keepLogs {
		names = append(names, auditFile, logFile)
	}
	names = append(names, lockFile)
	var failed error
	for _, name := range names {
		failed = errors.Join(failed, os.RemoveAll(d.file(name)))
	}
	if d.created {
		_ = os.Remove(d.path) // refused while something is left in it, ours or not
	}
	if failed != nil {
		return fmt.Errorf("not everything in %s could be removed; remove it by hand: %w", d.path, failed)
	}
	return nil
}

// earlierPort is the port that this folder was served on before, so that a restart is found at the same address; 0 if there is none.
func (d *directory) earlierPort() int {
	text, _ := os.ReadFile(d.file(portFile))
	port, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return port
}

func (d *directory) rememberPort(port int) error {
	if err := os.WriteFile(d.file(portFile), []byte(strconv.Itoa(port)+"\n"), 0o600); err != nil {
		return fmt.Errorf("the folder %s can't be written to: %w", d.path, err)
	}
	return nil
}

package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
	"k8s.io/klog/v2"
)

// openLog sends all that etcd, kube-apiserver and the controllers have to say to the log file, so that there is one
// place to look, and the terminal shows only our own sentences. The function it returns writes out what is still
// buffered.
func openLog(dir *directory) (func(), error) {
	file, err := os.OpenFile(dir.file(logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the folder %s can't be written to; choose another --dir: %w", dir.path, err)
	}
	if err := divertStderr(file); err != nil {
		return nil, fmt.Errorf("the log can't be set up: %w", err)
	}
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for _, setting := range [][2]string{
		{"logtostderr", "false"},
		{"stderrthreshold", "FATAL"}, // what ends the process is shown on the terminal too
		{"one_output", "true"},
	} {
		if err := flags.Set(setting[0], setting[1]); err != nil {
			return nil, fmt.Errorf("the log can't be set up: %w", err)
		}
	}
	klog.SetOutput(file)
	return func() {
		klog.Flush()
		file.Close()
	}, nil
}

// divertStderr makes file descriptor 2 the log, for the parts of etcd that know no other place, and moves os.Stderr to
// where it was. What makes the process crash is shown there as well.
func divertStderr(log *os.File) error {
	terminal, err := unix.Dup(2)
	if err != nil {
		return err
	}
	if err := unix.Dup2(int(log.Fd()), 2); err != nil {
		return err
	}
	os.Stderr = os.NewFile(uintptr(terminal), "stderr")
	return debug.SetCrashOutput(os.Stderr, debug.CrashOptions{})
}

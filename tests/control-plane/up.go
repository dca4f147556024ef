package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	// startLimit is how long a start may take. It takes 3 s on an idle machine; the rest is for busy ones.
	startLimit = 2 * time.Minute
	// stopLimit is how long an end may take before the process leaves without waiting any longer.
	stopLimit = 10 * time.Second
	// garbage is what may gather, in percent of what is alive, before it is collected; GOGC overrules it. With Go's
	// 100 a third of the processor time under load went into collecting; memory is what machines that run tests have.
	garbage = 300
)

// settings are the flags of `up`.
type settings struct {
	dir         string
	port        int
	untilExitOf int
	keep        bool
	apiserver   []string // passed on to kube-apiserver, after our own
}

func parse(args []string) (settings, error) {
	var o settings
	flags := flag.NewFlagSet("control-plane up", flag.ContinueOnError)
	flags.StringVar(&o.dir, "dir", "", "folder for the kubeconfig, the data, the certificates and the logs; created if it is missing")
	flags.IntVar(&o.port, "port", 0, "port of 127.0.0.1 to serve on; 0 is the port that --dir was served on before, or else any free one")
	flags.IntVar(&o.untilExitOf, "until-exit-of", 0, "end when the process with this id is gone; 0 is the process that started this one")
	flags.BoolVar(&o.keep, "keep", false, "keep the data, the certificates and the logs at the end, so that `up` with the same --dir continues from them")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.apiserver = flags.Args()
	switch {
	case o.dir == "":
		return o, errors.New("--dir is missing; name a folder for the kubeconfig, the data and the logs")
	case o.port < 0 || o.port > 65535:
		return o, fmt.Errorf("--port %d is no port; give a number from 0 to 65535", o.port)
	case len(o.apiserver) > 0 && o.apiserver[0] != "" && o.apiserver[0][0] != '-':
		return o, fmt.Errorf("%q is not understood; flags for kube-apiserver go after --", o.apiserver[0])
	}
	return o, nil
}

// up starts a control plane and serves until it is told to end.
func up(args []string) error {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	// Whoever reads our output may be gone before us, and we still have to clean up.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	ctx, err = endWith(ctx, o.untilExitOf)
	if err != nil {
		return err
	}

	dir, err := claim(o.dir)
	if err != nil {
		return err
	}
	if err := serve(ctx, o, dir); err != nil {
		dir.leave(dir.resumed || o.keep, true)
		return fmt.Errorf("%w. The log is %s", err, dir.file(logFile))
	}
	return dir.leave(o.keep, o.keep)
}

// serve runs everything until ctx ends, which is not an error, or until a part fails.
func serve(ctx context.Context, o settings, dir *directory) error {
	closeLog, err := openLog(dir)
	if err != nil {
		return err
	}
	defer closeLog()
	listener, err := listen(o.port, dir)
	if err != nil {
		return err
	}
	defer listener.Close()
	credentials, err := loadOrCreateCredentials(dir)
	if err != nil {
		return fmt.Errorf("the certificates in %s can't be made or read: %w", dir.file(pkiFolder), err)
	}
	etcd, err := startEtcd(dir)
	if err != nil {
		return fmt.Errorf("etcd did not start: %w", err)
	}
	defer etcd.Close()

	flags, err := apiServerFlags(dir, etcd, o.apiserver)
	if err != nil {
		return err
	}

	// A part that fails ends the others, and its error is the cause.
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var parts sync.WaitGroup
	parts.Go(func() {
		if err := runAPIServer(ctx, flags, listener); err != nil {
			fail(fmt.Errorf("kube-apiserver failed: %w", err))
		} else if ctx.Err() == nil {
			fail(errors.New("kube-apiserver ended by itself"))
		}
	})
	host := "https://" + listener.Addr().String()
	if err := bringUp(ctx, &parts, dir, credentials, host); err != nil {
		fail(err) // without effect if the end was asked for, or a part failed, before
	}
	<-ctx.Done()
	drain(&parts)
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// bringUp waits for kube-apiserver, starts the controllers, and then says that everything answers: to people by a
// line, to programs by the kubeconfig file. The file appears whole, and only now, so that another process can wait for it.
func bringUp(ctx context.Context, parts *sync.WaitGroup, dir *directory, credentials credentials, host string) error {
	config := credentials.controllers(host)
	if err := waitReady(ctx, config); err != nil {
		return err
	}
	key, err := credentials.serviceAccountKey()
	if err != nil {
		return err
	}
	if err := startControllers(ctx, parts, config, credentials["ca.crt"], key); err != nil {
		return err
	}
	if err := credentials.writeKubeconfig(dir.file(kubeconfigFile), host); err != nil {
		return fmt.Errorf("the kubeconfig can't be written: %w", err)
	}
	fmt.Println("ready")
	return nil
}

// drain waits until the parts have ended.
func drain(parts *sync.WaitGroup) {
	done := make(chan struct{})
	go func() { parts.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(stopLimit):
		fmt.Fprintf(os.Stderr, "control-plane: still busy %v after the end was asked for; leaving without waiting.\n", stopLimit)
	}
}

// listen opens the port to serve on. It is opened here rather than by kube-apiserver so that no other program can
// take a free port between its choice and its use, and so that a taken one is known at once.
func listen(port int, dir *directory) (net.Listener, error) {
	if port == 0 {
		port = dir.earlierPort()
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d of 127.0.0.1 is in use by another program; stop that one, or give --port another number", port)
	}
	if err != nil {
		return nil, fmt.Errorf("port %d of 127.0.0.1 can't be opened: %w", port, err)
	}
	return listener, dir.rememberPort(listener.Addr().(*net.TCPAddr).Port)
}

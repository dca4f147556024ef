package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// apiServerFlags are those of kube-apiserver. Admission, authorization and API groups are a real cluster's; what
// differs is where things are, and what would only cost time. The caller's own flags come last, so they win.
func apiServerFlags(dir *directory, etcd *embed.Etcd, own []string) ([]string, error) {
	audit, err := auditFlags(dir)
	if err != nil {
		return nil, err
	}
	pki := func(name string) string { return dir.file(pkiFolder) + "/" + name }
	flags := []string{
		"--etcd-servers=http://" + etcd.Clients[0].Addr().String(),
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none", // nothing reaches it through the Service "kubernetes"
		"--tls-cert-file=" + pki("apiserver.crt"),
		"--tls-private-key-file=" + pki("apiserver.key"),
		"--client-ca-file=" + pki("ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-signing-key-file=" + pki("service-account.key"),
		"--service-account-key-file=" + pki("service-account.pub"),
		"--service-cluster-ip-range=10.96.0.0/16",
		"--authorization-mode=RBAC",
		"--allow-privileged", // as installers set it: what Pods may do is for Pod Security to say
		"--profiling=false",
		"--shutdown-watch-termination-grace-period=100ms", // else open watches hold the end for a minute
	}
	return append(append(flags, audit...), own...), nil
}

// runAPIServer runs kube-apiserver until ctx ends. It does what the command kube-apiserver does, except that the end
// comes from our context and not from a signal handler of its own, and that the port is already open.
func runAPIServer(ctx context.Context, args []string, listener net.Listener) error {
	s := options.NewServerRunOptions()
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, set := range s.Flags().FlagSets {
		flags.AddFlagSet(set)
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	s.SecureServing.Listener = listener
	s.SecureServing.BindPort = listener.Addr().(*net.TCPAddr).Port
	if err := s.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	completed, err := s.Complete(ctx)
	if err != nil {
		return err
	}
	if errs := completed.Validate(); len(errs) != 0 {
		return errors.Join(errs...)
	}
	return app.Run(ctx, completed)
}

// waitReady returns once kube-apiserver says that it is ready, or with the last thing it said instead.
func waitReady(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 25*time.Millisecond, startLimit, true, func(ctx context.Context) (bool, error) {
		// The request gets a limit of its own: before the server accepts it waits in the open port's queue.
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, last = client.RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("kube-apiserver was not ready after %v: %w", startLimit, last)
	}
	return nil
}

package main

import (
	"fmt"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// startEtcd starts a single etcd member on a free port and returns once it serves. Data that an earlier control plane
// left in the folder is used again.
func startEtcd(dir *directory) (*embed.Etcd, error) {
	config := embed.NewConfig()
	config.Dir = dir.file(etcdFolder)
	config.LogLevel, config.LogOutputs = "warn", []string{dir.file(logFile)}
	// The data need to outlive this process, not a power failure.
	config.UnsafeNoFsync = true
	// A lone member elects itself after one election timeout; the default of 1 s is most of its start.
	config.TickMs, config.ElectionMs = 20, 100
	// The gateway would dial the advertised port, which is 0 here.
	config.EnableGRPCGateway = false
	// Zero would log every request as slow.
	config.WarningUnaryRequestDuration = embed.DefaultWarningUnaryRequestDuration

	free := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.ListenClientUrls, config.AdvertiseClientUrls = free, free
	config.ListenPeerUrls, config.AdvertisePeerUrls = free, free
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, nil
	case err := <-etcd.Err():
		etcd.Close()
		return nil, err
	case <-time.After(startLimit):
		etcd.Close()
		return nil, fmt.Errorf("it was not ready after %v", startLimit)
	}
}

package main

import (
	"context"
	"crypto"
	"fmt"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/quota/v1/generic"
	cacheddiscovery "k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller"
	"k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher"
	"k8s.io/kubernetes/pkg/controller/clusterroleaggregation"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"
	"k8s.io/kubernetes/pkg/controller/resourcequota"
	serviceaccountcontroller "k8s.io/kubernetes/pkg/controller/serviceaccount"
	quotainstall "k8s.io/kubernetes/pkg/quota/v1/install"
	"k8s.io/kubernetes/pkg/serviceaccount"
)

const (
	// controllersName is the user that the controllers act as, so that the audit log can leave them out.
	controllersName = "system:kube-controller-manager"
	// discoveryPeriod is how often the garbage collector and the quota controller look for new kinds.
	// kube-controller-manager does so every 30 s, and a test that makes a CRD would wait for it.
	discoveryPeriod = 2 * time.Second
	// recountPeriod is how often all quotas are counted anew. That is also the only way by which a quota of a kind
	// gets its first count if it was made before the kind was discovered; kube-controller-manager takes 5 min.
	recountPeriod = 2 * time.Second
	// resyncPeriod is after how long controllers look again at what did not change, as in kube-controller-manager.
	resyncPeriod = 5 * time.Minute
)

// manager is what the controllers share, as they do in kube-controller-manager: clients and caches.
type manager struct {
	client   kubernetes.Interface
	metadata metadata.Interface
	typed    informers.SharedInformerFactory
	all      informerfactory.InformerFactory // typed ones where Go types exist, metadata only for custom resources
	started  chan struct{}                   // closed once the caches fill
	loops    []func(context.Context)         // what each controller runs
}

// startControllers starts the controllers in this process and returns once they work. They are wired as
// kube-controller-manager wires them; it would cost 144 MB more, and 30 s where these take one or two.
func startControllers(ctx context.Context, parts *sync.WaitGroup, config *rest.Config, rootCA []byte, serviceAccountKey crypto.PrivateKey) error {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = -1, -1 // no limit on our side
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return err
	}
	m := &manager{client: client, metadata: meta, started: make(chan struct{})}
	m.typed = informers.NewSharedInformerFactory(client, 0)
	m.all = informerfactory.NewInformerFactory(m.typed, metadatainformer.NewSharedInformerFactory(meta, 0))

	m.addNamespaces(ctx)
	m.addRoleAggregation()
	for what, err := range map[string]error{
		"garbage collector": m.addGarbageCollector(ctx),
		"resource quota":    m.addResourceQuota(ctx),
		"service account":   m.addServiceAccounts(ctx, rootCA, serviceAccountKey),
		"root CA":           m.addRootCA(rootCA),
	} {
		if err != nil {
			return fmt.Errorf("the %s controller can't start: %w", what, err)
		}
	}
	m.all.Start(ctx.Done())
	close(m.started)
	for _, loop := range m.loops {
		parts.Go(func() { loop(ctx) })
	}
	return m.waitAtWork(ctx)
}

func (m *manager) run(loop func(context.Context)) { m.loops = append(m.loops, loop) }

// waitAtWork returns once the first things that controllers make are there, so that whoever waits for "ready" can
// create a Pod or bind a role in the namespace "default" at once.
func (m *manager) waitAtWork(ctx context.Context) error {
	err := wait.PollUntilContextTimeout(ctx, 25*time.Millisecond, startLimit, true, func(ctx context.Context) (bool, error) {
		_, account := m.client.CoreV1().ServiceAccounts(v1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
		_, ca := m.client.CoreV1().ConfigMaps(v1.NamespaceDefault).Get(ctx, rootcacertpublisher.RootCACertConfigMapName, metav1.GetOptions{})
		return account == nil && ca == nil, nil
	})
	if err != nil {
		return fmt.Errorf("the controllers did not make the service account and the root CA of the namespace \"default\": %w", err)
	}
	return nil
}

// addGarbageCollector deletes what belongs to an owner that is gone.
func (m *manager) addGarbageCollector(ctx context.Context) error {
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(cacheddiscovery.NewMemCacheClient(m.client.Discovery()))
	ignored := map[schema.GroupResource]struct{}{}
	for resource := range garbagecollector.DefaultIgnoredResources() {
		ignored[resource] = struct{}{}
	}
	graph := garbagecollector.NewDependencyGraphBuilder(ctx, m.metadata, mapper, ignored, m.all, m.started)
	collector, err := garbagecollector.NewComposedGarbageCollector(ctx, m.client, m.metadata, mapper, graph)
	if err != nil {
		return err
	}
	m.run(func(ctx context.Context) { collector.Run(ctx, 5, 10*time.Second) })
	m.run(func(ctx context.Context) { collector.Sync(ctx, m.client.Discovery(), discoveryPeriod) })
	return nil
}

// addResourceQuota counts what namespaces use of their quotas. Admission refuses what goes beyond them, and refuses
// everything until the first count is there.
func (m *manager) addResourceQuota(ctx context.Context) error {
	discover := m.client.Discovery().ServerPreferredNamespacedResources
	quotas, err := quotainstall.NewQuotaConfigurationForControllers(generic.ListerFuncForResourceFunc(m.typed.ForResource), m.typed)
	if err != nil {
		return err
	}
	quota, err := resourcequota.NewController(ctx, &resourcequota.ControllerOptions{
		QuotaClient:               m.client.CoreV1(),
		ResourceQuotaInformer:     m.typed.Core().V1().ResourceQuotas(),
		ResyncPeriod:              controller.StaticResyncPeriodFunc(recountPeriod),
		InformerFactory:           m.all,
		ReplenishmentResyncPeriod: controller.StaticResyncPeriodFunc(resyncPeriod),
		DiscoveryFunc:             discover,
		IgnoredResourcesFunc:      quotas.IgnoredResources,
		InformersStarted:          m.started,
		Registry:                  generic.NewRegistry(quotas.Evaluators()),
		UpdateFilter:              quotainstall.DefaultUpdateFilter(),
	})
	if err != nil {
		return err
	}
	m.run(func(ctx context.Context) { quota.Run(ctx, 2) })
	m.run(func(ctx context.Context) { quota.Sync(ctx, discover, discoveryPeriod) })
	return nil
}

// addNamespaces empties namespaces that are being deleted.
func (m *manager) addNamespaces(ctx context.Context) {
	namespaces := namespace.NewNamespaceController(ctx, m.client, m.metadata, m.client.Discovery().ServerPreferredNamespacedResources,
		m.typed.Core().V1().Namespaces(), resyncPeriod, v1.FinalizerKubernetes)
	m.run(func(ctx context.Context) { namespaces.Run(ctx, 5) })
}

// addServiceAccounts makes the service account "default" of each namespace, and fills Secrets of the type
// service-account-token.
func (m *manager) addServiceAccounts(ctx context.Context, rootCA []byte, key crypto.PrivateKey) error {
	accounts, err := serviceaccountcontroller.NewServiceAccountsController(klog.FromContext(ctx),
		m.typed.Core().V1().ServiceAccounts(), m.typed.Core().V1().Namespaces(), m.client,
		serviceaccountcontroller.DefaultServiceAccountsControllerOptions())
	if err != nil {
		return err
	}
	generator, err := serviceaccount.JWTTokenGenerator(serviceaccount.LegacyIssuer, key)
	if err != nil {
		return err
	}
	tokens, err := serviceaccountcontroller.NewTokensController(klog.FromContext(ctx),
		m.typed.Core().V1().ServiceAccounts(), m.typed.Core().V1().Secrets(), m.client,
		serviceaccountcontroller.TokensControllerOptions{TokenGenerator: generator, RootCA: rootCA})
	if err != nil {
		return err
	}
	m.run(func(ctx context.Context) { accounts.Run(ctx, 1) })
	m.run(func(ctx context.Context) { tokens.Run(ctx, 1) })
	return nil
}

// addRootCA publishes the CA as the ConfigMap kube-root-ca.crt of each namespace.
func (m *manager) addRootCA(rootCA []byte) error {
	publisher, err := rootcacertpublisher.NewPublisher(m.typed.Core().V1().ConfigMaps(), m.typed.Core().V1().Namespaces(), m.client, rootCA)
	if err != nil {
		return err
	}
	m.run(func(ctx context.Context) { publisher.Run(ctx, 1) })
	return nil
}

// addRoleAggregation fills the ClusterRoles that are made of others: admin, edit, view.
func (m *manager) addRoleAggregation() {
	roles := clusterroleaggregation.NewClusterRoleAggregation(m.typed.Rbac().V1().ClusterRoles(), m.client.RbacV1())
	m.run(func(ctx context.Context) { roles.Run(ctx, 1) })
}

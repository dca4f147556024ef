package check

import (
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func configMap(name string, owners ...metav1.OwnerReference) *v1.ConfigMap {
	return &v1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: owners}}
}

func TestGarbageOfACustomResourceIsCollected(t *testing.T) {
	t.Parallel()
	const group = "garbage.check.test"
	namespace := newNamespace(t, nil)
	client := widgets(t, group, namespace)
	maps := shared.client().CoreV1().ConfigMaps(namespace)

	owner := must[*unstructured.Unstructured](t)(client.Create(t.Context(), widget(group, "owner", nil, nil), metav1.CreateOptions{}))
	reference := metav1.OwnerReference{APIVersion: group + "/v1", Kind: "Widget", Name: "owner", UID: owner.GetUID()}
	must[*v1.ConfigMap](t)(maps.Create(t.Context(), configMap("owned", reference), metav1.CreateOptions{}))
	must[*unstructured.Unstructured](t)(client.Create(t.Context(), widget(group, "child", &reference, nil), metav1.CreateOptions{}))
	if err := client.Delete(t.Context(), "owner", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	eventually(t, "the ConfigMap and the Widget of a deleted owner are gone", func() bool {
		_, first := maps.Get(t.Context(), "owned", metav1.GetOptions{})
		_, second := client.Get(t.Context(), "child", metav1.GetOptions{})
		return apierrors.IsNotFound(first) && apierrors.IsNotFound(second)
	})
	t.Logf("collected after %v, of a kind defined just before", time.Since(begin))
}

func TestForegroundDeletionWaitsForTheOwned(t *testing.T) {
	t.Parallel()
	maps := shared.client().CoreV1().ConfigMaps(newNamespace(t, nil))
	owner := must[*v1.ConfigMap](t)(maps.Create(t.Context(), configMap("owner"), metav1.CreateOptions{}))
	blocks, foreground := true, metav1.DeletePropagationForeground
	reference := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "owner", UID: owner.UID, BlockOwnerDeletion: &blocks}
	must[*v1.ConfigMap](t)(maps.Create(t.Context(), configMap("owned", reference), metav1.CreateOptions{}))
	if err := maps.Delete(t.Context(), "owner", metav1.DeleteOptions{PropagationPolicy: &foreground}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the owner is gone", func() bool {
		_, err := maps.Get(t.Context(), "owner", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
	if _, err := maps.Get(t.Context(), "owned", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the owned ConfigMap should have gone before its owner, but: %v", err)
	}
}

func TestNamespaceIsEmptiedAndGoes(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t, nil)
	maps := shared.client().CoreV1().ConfigMaps(namespace)
	held := configMap("held")
	held.Finalizers = []string{"check.test/hold"}
	must[*v1.ConfigMap](t)(maps.Create(t.Context(), held, metav1.CreateOptions{}))
	if err := shared.client().CoreV1().Namespaces().Delete(t.Context(), namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the object with a finalizer is being deleted", func() bool {
		object, err := maps.Get(t.Context(), "held", metav1.GetOptions{})
		return err == nil && object.DeletionTimestamp != nil
	})
	held = must[*v1.ConfigMap](t)(maps.Get(t.Context(), "held", metav1.GetOptions{}))
	held.Finalizers = nil
	must[*v1.ConfigMap](t)(maps.Update(t.Context(), held, metav1.UpdateOptions{}))
	eventually(t, "the namespace is gone", func() bool {
		_, err := shared.client().CoreV1().Namespaces().Get(t.Context(), namespace, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
}

func TestQuotaOfACustomResourceIsHeld(t *testing.T) {
	t.Parallel()
	const group, counted = "quota.check.test", "count/widgets.quota.check.test"
	namespace := newNamespace(t, nil)
	client := widgets(t, group, namespace)
	quotas := shared.client().CoreV1().ResourceQuotas(namespace)
	must[*v1.ResourceQuota](t)(quotas.Create(t.Context(), &v1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "two"},
		Spec:       v1.ResourceQuotaSpec{Hard: v1.ResourceList{counted: resource.MustParse("2")}},
	}, metav1.CreateOptions{}))
	used := func(expected string) func() bool {
		return func() bool {
			quota, err := quotas.Get(t.Context(), "two", metav1.GetOptions{})
			is := quota.Status.Used[counted]
			return err == nil && len(quota.Status.Used) > 0 && is.String() == expected
		}
	}
	eventually(t, "the quota is counted", used("0"))
	// Admission looks at quotas through a watch of its own, which may not have the count yet: it then refuses.
	eventually(t, "the first is admitted", func() bool {
		_, err := client.Create(t.Context(), widget(group, "first", nil, nil), metav1.CreateOptions{})
		if err != nil && !strings.Contains(err.Error(), "status unknown for quota") {
			t.Fatal(err)
		}
		return err == nil
	})
	must[*unstructured.Unstructured](t)(client.Create(t.Context(), widget(group, "second", nil, nil), metav1.CreateOptions{}))
	_, err := client.Create(t.Context(), widget(group, "third", nil, nil), metav1.CreateOptions{})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "exceeded quota: two") {
		t.Errorf("the third should exceed the quota, but: %v", err)
	}
	if err := client.Delete(t.Context(), "first", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a deleted object is given back to the quota", used("1"))
}

func TestRolesAreAggregated(t *testing.T) {
	t.Parallel()
	roles := shared.client().RbacV1().ClusterRoles()
	role := must[*rbacv1.ClusterRole](t)(roles.Create(t.Context(), &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "check-", Labels: map[string]string{"rbac.authorization.k8s.io/aggregate-to-view": "true"}},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"roles.check.test"}, Resources: []string{"widgets"}, Verbs: []string{"get"}}},
	}, metav1.CreateOptions{}))
	t.Cleanup(func() { _ = roles.Delete(t.Context(), role.Name, metav1.DeleteOptions{}) })
	eventually(t, "the role view holds the rule", func() bool {
		view, err := roles.Get(t.Context(), "view", metav1.GetOptions{})
		if err != nil {
			return false
		}
		for _, rule := range view.Rules {
			if rule.APIGroups[0] == "roles.check.test" {
				return true
			}
		}
		return false
	})
}

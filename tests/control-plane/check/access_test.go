package check

import (
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	v1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// reader makes a service account that may get, list and create ConfigMaps in its namespace, and returns its client
// and its user name.
func reader(t *testing.T, p *plane, namespace string) (kubernetes.Interface, string) {
	t.Helper()
	client := p.client()
	must[*v1.ServiceAccount](t)(client.CoreV1().ServiceAccounts(namespace).Create(t.Context(),
		&v1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "reader"}}, metav1.CreateOptions{}))
	must[*rbacv1.Role](t)(client.RbacV1().Roles(namespace).Create(t.Context(), &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: "reader"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "list", "create"}}},
	}, metav1.CreateOptions{}))
	must[*rbacv1.RoleBinding](t)(client.RbacV1().RoleBindings(namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "reader"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "reader"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "reader", Namespace: namespace}},
	}, metav1.CreateOptions{}))
	token := must[*authenticationv1.TokenRequest](t)(client.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), "reader",
		&authenticationv1.TokenRequest{}, metav1.CreateOptions{}))
	config := rest.AnonymousClientConfig(p.config)
	config.BearerToken = token.Status.Token
	account := kubernetes.NewForConfigOrDie(config)
	eventually(t, "the rights are in force", func() bool {
		_, err := account.CoreV1().ConfigMaps(namespace).List(t.Context(), metav1.ListOptions{})
		return err == nil
	})
	return account, "system:serviceaccount:" + namespace + ":reader"
}

func TestServiceAccountHasItsRightsAndNoMore(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t, nil)
	account, name := reader(t, shared, namespace)
	_, err := account.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{})
	if !apierrors.IsForbidden(err) {
		t.Errorf("Secrets should be forbidden, but: %v", err)
	}
	who := must[*authenticationv1.SelfSubjectReview](t)(account.AuthenticationV1().SelfSubjectReviews().Create(t.Context(),
		&authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{}))
	if who.Status.UserInfo.Username != name {
		t.Errorf("the token should be %s's, not %s's", name, who.Status.UserInfo.Username)
	}
	for resource, allowed := range map[string]bool{"configmaps": true, "secrets": false} {
		review := must[*authorizationv1.SubjectAccessReview](t)(shared.client().AuthorizationV1().SubjectAccessReviews().Create(t.Context(),
			&authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User:               name,
				ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: namespace, Verb: "list", Resource: resource},
			}}, metav1.CreateOptions{}))
		if review.Status.Allowed != allowed {
			t.Errorf("the review of listing %s should be %v", resource, allowed)
		}
	}
}

func TestTokenSecretIsFilled(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t, nil)
	reader(t, shared, namespace)
	secrets := shared.client().CoreV1().Secrets(namespace)
	must[*v1.Secret](t)(secrets.Create(t.Context(), &v1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "token", Annotations: map[string]string{v1.ServiceAccountNameKey: "reader"}},
		Type:       v1.SecretTypeServiceAccountToken,
	}, metav1.CreateOptions{}))
	eventually(t, "the Secret holds a token and the root CA", func() bool {
		secret, err := secrets.Get(t.Context(), "token", metav1.GetOptions{})
		return err == nil && len(secret.Data[v1.ServiceAccountTokenKey]) > 0 && len(secret.Data[v1.ServiceAccountRootCAKey]) > 0
	})
}

func TestPodSecurityIsEnforced(t *testing.T) {
	t.Parallel()
	privileged := true
	create := func(labels map[string]string) error {
		namespace := newNamespace(t, labels)
		pods := shared.client().CoreV1().Pods(namespace)
		pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "root"}, Spec: v1.PodSpec{Containers: []v1.Container{
			{Name: "root", Image: "root", SecurityContext: &v1.SecurityContext{Privileged: &privileged}},
		}}}
		var err error
		eventually(t, "the namespace has its service account", func() bool {
			_, err = pods.Create(t.Context(), pod, metav1.CreateOptions{})
			return err == nil || !strings.Contains(err.Error(), "serviceaccount")
		})
		return err
	}
	if err := create(nil); err != nil {
		t.Errorf("a namespace without the label should take a privileged Pod, but: %v", err)
	}
	err := create(map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `violates PodSecurity "restricted:latest"`) {
		t.Errorf("a restricted namespace should refuse a privileged Pod, but: %v", err)
	}
}

const policy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: NAME}
spec:
  failurePolicy: Fail
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAME}}
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
  validations: [{expression: "!object.metadata.name.startsWith('bad')", message: bad names are refused}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: NAME}
spec: {policyName: NAME, validationActions: [Deny]}
`

func TestAdmissionPolicyIsEnforced(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t, nil)
	if said, err := shared.kubectl(strings.ReplaceAll(policy, "NAME", namespace), "apply", "-f", "-"); err != nil {
		t.Fatal(said)
	}
	maps := shared.client().CoreV1().ConfigMaps(namespace)
	eventually(t, "the policy refuses a bad name", func() bool {
		bad := configMap("")
		bad.GenerateName = "bad-"
		_, err := maps.Create(t.Context(), bad, metav1.CreateOptions{})
		return err != nil && strings.Contains(err.Error(), "bad names are refused")
	})
	must[*v1.ConfigMap](t)(maps.Create(t.Context(), configMap("good"), metav1.CreateOptions{}))
}

package argocd

import (
	"path/filepath"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/argoproj/argo-cd/v3/applicationset/utils"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	helmv2 "github.com/fluxcd/helm-controller/api/v2"
	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
)

// exemplary are the applications that the examples make: the one that stands there, and that of the set for one environment,
// rendered as the ApplicationSet controller does with what its Git generator finds.
func exemplary(t *testing.T) (all []v1alpha1.Application) {
	t.Helper()
	application := v1alpha1.Application{}
	parse(t, &application, "deploy/argocd/application.yaml")
	set := &v1alpha1.ApplicationSet{}
	parse(t, set, "deploy/argocd/applicationset.yaml")
	template := &v1alpha1.Application{Spec: set.Spec.Template.Spec}
	template.Name = set.Spec.Template.Name
	found := map[string]any{"path": map[string]any{"path": "environments/staging", "basename": "staging"}}
	rendered, err := (&utils.Render{}).RenderTemplateParams(template, set.Spec.SyncPolicy, found, set.Spec.GoTemplate, set.Spec.GoTemplateOptions)
	if err != nil {
		t.Fatal(err)
	}
	if rendered.Name != "shop-staging" || rendered.Spec.Source.Path != "environments/staging" {
		t.Errorf("the set makes %s of %s", rendered.Name, rendered.Spec.Source.Path)
	}
	if slices.Contains(rendered.Finalizers, v1alpha1.ResourcesFinalizerName) {
		t.Error("an environment whose folder is gone would take along what runs in AWS")
	}
	return append(all, application, *rendered)
}

func TestTheProjectAllowsWhatItsApplicationsNeed(t *testing.T) {
	t.Parallel()
	project := &v1alpha1.AppProject{}
	parse(t, project, "deploy/argocd/appproject.yaml")
	namespaces := schema.GroupKind{Kind: "Namespace"}
	for _, application := range exemplary(t) {
		to := application.Spec.Destination
		if application.Spec.Project != project.Name || !project.IsSourcePermitted(*application.Spec.Source) {
			t.Errorf("%s is not of the project, or its repository is not the project's", application.Name)
		}
		clusters := func(string) ([]*v1alpha1.Cluster, error) { return nil, nil }
		allowed, err := project.IsDestinationPermitted(&v1alpha1.Cluster{Server: to.Server}, to.Namespace, clusters)
		if err != nil || !allowed {
			t.Errorf("%s may not be in %s: %v", application.Name, to.Namespace, err)
		}
		if !application.Spec.SyncPolicy.SyncOptions.HasOption("CreateNamespace=true") {
			t.Errorf("nothing makes the namespace of %s", application.Name)
		}
		if !project.IsGroupKindNamePermitted(namespaces, to.Namespace, false) {
			t.Errorf("the project does not let %s make its namespace", application.Name)
		}
	}
	if project.IsGroupKindNamePermitted(namespaces, "kube-system", false) {
		t.Error("the project lets its applications have any namespace")
	}
	if err := project.ValidateProject(); err != nil {
		t.Error(err)
	}
}

// The examples of deploy/flux have Flux's own members only, and take everything from the source beside them.
func TestExamplesForFluxAreTaken(t *testing.T) {
	t.Parallel()
	files, count := glob(t, filepath.Join(root, "deploy/flux"), "*.yaml"), 0
	for _, file := range files {
		name := filepath.Join("deploy/flux", filepath.Base(file))
		var has, takes []string
		for _, object := range objects(t, read(t, name)) {
			count++
			strictly := func(into any) {
				if err := yaml.UnmarshalStrict(must[[]byte](t)(yaml.Marshal(object.Object)), into); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			switch kind := object.GroupVersionKind(); kind.String() {
			case sourcev1.GroupVersion.WithKind("GitRepository").String():
				strictly(&sourcev1.GitRepository{})
				has = append(has, object.GetName())
			case helmv2.GroupVersion.WithKind("HelmRelease").String():
				var release helmv2.HelmRelease
				strictly(&release)
				takes = append(takes, release.Spec.Chart.Spec.SourceRef.Name)
				if !release.GetInstall().CreateNamespace {
					t.Errorf("%s: nothing makes the namespace", name)
				}
			case kustomizev1.GroupVersion.WithKind("Kustomization").String():
				var kustomization kustomizev1.Kustomization
				strictly(&kustomization)
				takes = append(takes, kustomization.Spec.SourceRef.Name)
			default:
				t.Errorf("%s: no kind of Flux's: %s", name, kind)
			}
		}
		if len(has) != 1 || !slices.Equal(has, takes) {
			t.Errorf("%s has the sources %s and takes %s", name, has, takes)
		}
	}
	if count < 4 {
		t.Errorf("only %d objects in %s", count, files)
	}
}

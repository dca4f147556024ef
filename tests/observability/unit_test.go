package observability

import (
	"os"
	"os/exec"
	"testing"

	"go.yaml.in/yaml/v3"
)

// promtool is Prometheus's own, built by `make tools` at the version of go.mod.
const promtool = "../../.cache/bin/promtool"

// unitTests is what is read here of alerts_test.yaml.
type unitTests struct {
	Tests []struct {
		Alerts []struct {
			AlertName string `yaml:"alertname"`
			Expected  []any  `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	}
}

func TestAlertsFireInTimeAndNotOtherwise(t *testing.T) {
	text, err := os.ReadFile("alerts_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tests unitTests
	if err := yaml.Unmarshal(text, &tests); err != nil {
		t.Fatal(err)
	}
	fires, rests := map[string]bool{}, map[string]bool{}
	for _, test := range tests.Tests {
		for _, a := range test.Alerts {
			fires[a.AlertName] = fires[a.AlertName] || len(a.Expected) > 0
			rests[a.AlertName] = rests[a.AlertName] || len(a.Expected) == 0
		}
	}
	for _, a := range alerts(t, newTimeline(t)) {
		if name := a.rule.Name(); !fires[name] || !rests[name] {
			t.Errorf("%s: fires in a test: %t, rests in one: %t", name, fires[name], rests[name])
		}
	}
	for _, arguments := range [][]string{
		{"check", "rules", "--lint=all", "--lint-fatal", "../../charts/ecs-operator/files/alerts.yaml"},
		{"test", "rules", "alerts_test.yaml"},
	} {
		if said, err := exec.Command(promtool, arguments...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", arguments, err, said)
		}
	}
}

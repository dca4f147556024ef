package observability

import (
	"context"
	"maps"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v3"
)

// unitTests is what alerts_test.yaml uses of the format of `promtool test rules`, which reads the same file.
type unitTests struct {
	RuleFiles          []string       `yaml:"rule_files"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`
	Tests              []struct {
		Name        string
		Interval    model.Duration
		InputSeries []struct{ Series, Values string } `yaml:"input_series"`
		Alerts      []struct {
			EvalTime  model.Duration `yaml:"eval_time"`
			AlertName string         `yaml:"alertname"`
			Expected  []struct {
				Labels      map[string]string `yaml:"exp_labels"`
				Annotations map[string]string `yaml:"exp_annotations"`
			} `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	}
}

func TestAlertsFireInTimeAndNotOtherwise(t *testing.T) {
	file, err := os.Open("alerts_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var tests unitTests
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	if err := decoder.Decode(&tests); err != nil {
		t.Fatal(err)
	}
	fires, rests := map[string]bool{}, map[string]bool{}
	for _, test := range tests.Tests {
		for _, a := range test.Alerts {
			fires[a.AlertName] = fires[a.AlertName] || len(a.Expected) > 0
			rests[a.AlertName] = rests[a.AlertName] || len(a.Expected) == 0
		}
		t.Run(test.Name, func(t *testing.T) {
			t.Parallel()
			tl := newTimeline(t)
			start := time.Unix(0, 0).UTC()
			appender := tl.storage.Appender(context.Background())
			for _, input := range test.InputSeries {
				series, values, err := tl.parser.ParseSeriesDesc(input.Series + " " + input.Values)
				if err != nil {
					t.Fatal(err)
				}
				for n, value := range values {
					at := start.Add(time.Duration(n) * time.Duration(test.Interval))
					if value.Omitted {
						continue
					}
					if _, err := appender.Append(0, series, at.UnixMilli(), value.Value); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := appender.Commit(); err != nil {
				t.Fatal(err)
			}
			all := map[string]*rules.AlertingRule{}
			for _, a := range alerts(t, tl) {
				all[a.rule.Name()] = a.rule
			}
			query := rules.EngineQueryFunc(tl.engine, tl.storage)
			now := start
			for _, a := range test.Alerts {
				rule := all[a.AlertName]
				if rule == nil {
					t.Fatalf("there is no alert %s", a.AlertName)
				}
				for ; !now.After(start.Add(time.Duration(a.EvalTime))); now = now.Add(time.Duration(tests.EvaluationInterval)) {
					if _, err := rule.Eval(context.Background(), 0, now, query, &url.URL{}, 0); err != nil {
						t.Fatal(err)
					}
				}
				var got []*rules.Alert
				rule.ForEachActiveAlert(func(active *rules.Alert) {
					if active.State == rules.StateFiring {
						got = append(got, active)
					}
				})
				if len(got) != len(a.Expected) {
					t.Errorf("at %s: %d alerts fire, expected %d", a.EvalTime, len(got), len(a.Expected))
					continue
				}
				for n, expected := range a.Expected {
					labels := got[n].Labels.Map()
					delete(labels, model.AlertNameLabel)
					if !maps.Equal(labels, expected.Labels) {
						t.Errorf("at %s: %v, expected %v", a.EvalTime, labels, expected.Labels)
					}
					if !maps.Equal(got[n].Annotations.Map(), expected.Annotations) {
						t.Errorf("at %s: %v, expected %v", a.EvalTime, got[n].Annotations, expected.Annotations)
					}
				}
			}
		})
	}
	for _, a := range alerts(t, newTimeline(t)) {
		if name := a.rule.Name(); !fires[name] || !rests[name] {
			t.Errorf("%s: fires in a test: %t, rests in one: %t", name, fires[name], rests[name])
		}
	}
}

package observability

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// empty are the panels that have nothing to show in a good life, and the fault in which they have.
var empty = map[string]string{
	"Drift":                                 "drift",
	"Need somebody":                         "stalled",
	"On their way":                          "waiting",
	"Objects that are not Ready, by reason": "waiting",
}

// shared are beginnings of names that other operators serve too: they must be narrowed to ours by more than the job.
var shared = []string{"controller_runtime_", "workqueue_", "aws_api_", "operator_"}

type dashboard struct {
	UID        string `json:"uid"`
	Templating struct {
		List []struct {
			Name, Type string
		}
	}
	Panels []panel
}

type panel struct {
	ID          int
	Type, Title string
	Description string
	Datasource  struct{ UID string }
	Targets     []struct {
		Expr         string
		LegendFormat string
		Datasource   struct{ UID string }
	}
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile(chart + "dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// filler shows a zero where there is nothing to count, and would hide that there never is.
const filler = " or vector(0)"

// query is an expression as Grafana sends it.
func query(expr string) string {
	return strings.NewReplacer("$__rate_interval", "5m", "$job", ".+").Replace(expr)
}

// lived is an hour of what a story has recorded, over and over.
func lived(t *testing.T, story string) *timeline {
	t.Helper()
	tl, said := newTimeline(t), recorded(t, story)
	now := said[0]
	for range 60 / (len(said) - 1) {
		for n := 1; n < len(said); n++ {
			now = again(said[n-1], said[n], now)
			tl.scrape(now)
		}
	}
	return tl
}

// shows says whether a query has a value at some time of the last half of what was lived.
func shows(tl *timeline, expr string) bool {
	tl.t.Helper()
	start := tl.now.Add(-30 * step)
	q, err := tl.engine.NewRangeQuery(context.Background(), tl.storage, nil, expr, start, tl.now, step)
	if err != nil {
		tl.t.Errorf("%s: %v", expr, err)
		return false
	}
	defer q.Close()
	result := q.Exec(context.Background())
	matrix, err := result.Matrix()
	if err != nil {
		tl.t.Errorf("%s: %v", expr, err)
		return false
	}
	for _, series := range matrix {
		for _, point := range series.Floats {
			if !math.IsNaN(point.F) {
				return true
			}
		}
	}
	return false
}

func TestEveryPanelShowsSomething(t *testing.T) {
	well, ill := lived(t, "none"), map[string]*timeline{}
	in := func(fault string) *timeline {
		if ill[fault] == nil {
			ill[fault] = lived(t, fault)
		}
		return ill[fault]
	}
	count := 0
	for _, p := range readDashboard(t).Panels {
		for _, target := range p.Targets {
			count++
			tl, expr := well, strings.TrimSuffix(query(target.Expr), filler)
			if strings.Contains(expr, "vector(") {
				t.Errorf("%s: nothing says whether more than a constant is shown: %s", p.Title, expr)
			}
			if fault := empty[p.Title]; fault != "" {
				if shows(well, expr) {
					t.Errorf("%s shows something in a good life: %s", p.Title, expr)
				}
				tl = in(fault)
			}
			if !shows(tl, expr) {
				t.Errorf("%s shows nothing: %s", p.Title, expr)
			}
			// What is 0 as long as all is well is more when something is wrong.
			more := "(" + expr + ") != 0"
			moves := func(fault string) bool { return shows(in(fault), more) }
			if !shows(well, more) && !slices.ContainsFunc(slices.Sorted(maps.Keys(seeded)), moves) {
				t.Errorf("%s shows 0 whatever happens: %s", p.Title, expr)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d queries", count)
	}
}

func TestDashboardFitsAnyPrometheusAndNamesNoObject(t *testing.T) {
	d := readDashboard(t)
	if d.UID != "ecs-operator" {
		t.Errorf("uid %q", d.UID)
	}
	variables := map[string]string{}
	for _, variable := range d.Templating.List {
		variables[variable.Name] = variable.Type
	}
	if variables["datasource"] != "datasource" {
		t.Errorf("variables: %v", variables)
	}
	ids := map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("the id %d is there twice", p.ID)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			continue
		}
		if p.Datasource.UID != "${datasource}" || p.Description == "" || len(p.Targets) == 0 {
			t.Errorf("%s: data source %q, description %q, %d queries", p.Title, p.Datasource.UID, p.Description, len(p.Targets))
		}
		for _, target := range p.Targets {
			if target.Datasource.UID != "${datasource}" {
				t.Errorf("%s: data source %q", p.Title, target.Datasource.UID)
			}
			selectors(t, p.Title, query(target.Expr))
		}
	}
}

// selectors checks that a query asks for metrics of ours only.
func selectors(t *testing.T, title, expr string) {
	t.Helper()
	parsed, err := newTimeline(t).parser.ParseExpr(expr)
	if err != nil {
		t.Errorf("%s: %v", title, err)
		return
	}
	for _, matchers := range parser.ExtractSelectors(parsed) {
		has := map[string]bool{}
		name := ""
		for _, m := range matchers {
			has[m.Name] = true
			if m.Name == labels.MetricName {
				name = m.Value
			}
		}
		if !has["job"] {
			t.Errorf("%s: %s of any job", title, name)
		}
		for _, prefix := range shared {
			if strings.HasPrefix(name, prefix) && !has["controller"] && !has["service"] && !has["kind"] {
				t.Errorf("%s: %s of any operator", title, name)
			}
		}
	}
}

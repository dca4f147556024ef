package observability

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// row is a metric in the tables of docs/metrics.md: | `name` | type | `label`, `label` | meaning |
var row = regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\| ([a-z]+) \\|(.*?)\\| (.+) \\|$")

var word = regexp.MustCompile("`([a-z_]+)`")

// documented is every metric as the documentation has it: type and labels by the name that queries use.
func documented(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, match := range row.FindAllStringSubmatch(string(text), -1) {
		var labels []string
		for _, label := range word.FindAllStringSubmatch(match[3], -1) {
			labels = append(labels, label[1])
		}
		sort.Strings(labels)
		if _, twice := all[match[1]]; twice {
			t.Errorf("docs/metrics.md has %s twice", match[1])
		}
		all[match[1]] = match[2] + " " + strings.Join(labels, ",")
	}
	return all
}

// served is every metric of every recorded scrape, in the same words.
func served(t *testing.T) map[string]string {
	t.Helper()
	kinds, names := map[string]model.MetricType{}, map[string]map[string]bool{}
	for _, fault := range faults(t) {
		for _, s := range recorded(t, fault) {
			for name, f := range s.families {
				switch f.kind {
				case model.MetricTypeCounter:
					name += "_total"
				case model.MetricTypeInfo:
					name += "_info"
				}
				kinds[name] = f.kind
				if names[name] == nil {
					names[name] = map[string]bool{}
				}
				for label := range f.labels {
					names[name][label] = true
				}
			}
		}
	}
	all := map[string]string{}
	for name, kind := range kinds {
		var list []string
		for label := range names[name] {
			list = append(list, label)
		}
		sort.Strings(list)
		all[name] = string(kind) + " " + strings.Join(list, ",")
	}
	return all
}

func TestDocumentationHasEveryMetricThatIsServedAndNoOther(t *testing.T) {
	documented, served := documented(t), served(t)
	if len(served) < 30 {
		t.Fatalf("only %d metrics are served", len(served))
	}
	for name, is := range served {
		switch said := documented[name]; said {
		case is:
		case "":
			t.Errorf("docs/metrics.md lacks %s: %s", name, is)
		default:
			t.Errorf("%s: served as %q, documented as %q", name, is, said)
		}
	}
	for name := range documented {
		if served[name] == "" {
			t.Errorf("docs/metrics.md has %s, which is not served", name)
		}
	}
}

func TestNoLabelHoldsTheNameOfAnObject(t *testing.T) {
	// Names that the stories use, for objects, namespaces and what they make in AWS.
	names := []string{"web", "web-2", "main", "orphan", "missing", "wrong", "denied", "alerting"}
	for _, fault := range faults(t) {
		for _, s := range recorded(t, fault) {
			for _, series := range s.series {
				for _, l := range strings.Split(strings.Trim(series.String(), "{}"), ", ") {
					_, value, _ := strings.Cut(l, "=")
					value = strings.Trim(value, `"`)
					if slices.Contains(names, value) || strings.HasPrefix(value, "alerting") {
						t.Fatalf("%s: %s", fault, series)
					}
				}
			}
		}
	}
}

// fence is a block of PromQL in a page.
var fence = regexp.MustCompile("(?ms)^```promql\n(.*?)^```$")

// queries are those of runbooks, dashboard and alerts, by where they stand.
func queries(t *testing.T) map[string][]string {
	t.Helper()
	pages, err := filepath.Glob(runbooks + "*.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range fence.FindAllStringSubmatch(string(text), -1) {
			all["runbooks"] = append(all["runbooks"], strings.Split(strings.TrimSpace(block[1]), "\n")...)
		}
	}
	for _, panel := range readDashboard(t).Panels {
		for _, target := range panel.Targets {
			all["dashboard"] = append(all["dashboard"], query(target.Expr))
		}
	}
	for _, a := range alerts(t, newTimeline(t)) {
		all["alerts"] = append(all["alerts"], a.source.Expr)
	}
	return all
}

func TestQueriesAskForMetricsAndLabelsThatAreDocumented(t *testing.T) {
	tl, documented := newTimeline(t), documented(t)
	// What Prometheus adds to every series, and the bound of a histogram's bucket.
	always := []string{"job", "instance", "le"}
	for place, least := range map[string]int{"runbooks": 8, "dashboard": 20, "alerts": 12} {
		all := queries(t)[place]
		if len(all) < least {
			t.Errorf("only %d queries in the %s", len(all), place)
		}
		for _, query := range all {
			expr, err := tl.parser.ParseExpr(query)
			if err != nil {
				t.Errorf("%s: %s: %v", place, query, err)
				continue
			}
			for _, matchers := range parser.ExtractSelectors(expr) {
				var is string
				for _, m := range matchers {
					if m.Name == labels.MetricName {
						is = documented[strings.TrimSuffix(m.Value, "_bucket")]
						if is == "" {
							t.Errorf("%s: there is no %s", place, m.Value)
						}
					}
				}
				_, known, _ := strings.Cut(is, " ")
				for _, m := range matchers {
					if m.Name != labels.MetricName && !slices.Contains(always, m.Name) && !slices.Contains(strings.Split(known, ","), m.Name) {
						t.Errorf("%s: no label %s in %s", place, m.Name, query)
					}
				}
			}
		}
	}
}

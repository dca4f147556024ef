package observability

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// target is what Prometheus adds to every series of a scrape, by the ServiceMonitor or PodMonitor of the chart.
var target = labels.FromStrings("job", "ecs-operator", "namespace", namespace, "instance", "10.0.0.1:8080")

// namespace is where the operator runs.
const namespace = "platform"

// family is a metric as `# TYPE` names it.
type family struct {
	kind   model.MetricType
	labels map[string]bool
}

// scrape is what one GET /metrics said.
type scrape struct {
	// values by series, which have the target's labels too.
	values map[string]float64
	series map[string]labels.Labels
	// families by name, and by series the family that it is of.
	families map[string]*family
	of       map[string]string
}

// parse reads a scrape as Prometheus does. An empty one is that of a target that does not answer.
func parse(t *testing.T, text []byte, target labels.Labels) scrape {
	t.Helper()
	s := scrape{map[string]float64{}, map[string]labels.Labels{}, map[string]*family{}, map[string]string{}}
	if len(text) == 0 {
		return s
	}
	p := textparse.NewOpenMetricsParser(text, labels.NewSymbolTable())
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return s
		}
		if err != nil {
			t.Fatalf("Prometheus can't read the scrape: %v", err)
		}
		switch entry {
		case textparse.EntryType:
			name, kind := p.Type()
			s.families[string(name)] = &family{kind, map[string]bool{}}
		case textparse.EntrySeries:
			var own labels.Labels
			p.Labels(&own)
			_, _, value := p.Series()
			b := labels.NewBuilder(own)
			target.Range(func(l labels.Label) { b.Set(l.Name, l.Value) })
			all := b.Labels()
			key := all.String()
			s.values[key], s.series[key] = value, all
			name, f := s.family(own.Get(model.MetricNameLabel))
			if f == nil {
				t.Fatalf("%s has no # TYPE", own)
			}
			s.of[key] = name
			own.Range(func(l labels.Label) {
				if l.Name != model.MetricNameLabel && l.Name != "le" {
					f.labels[l.Name] = true
				}
			})
		}
	}
}

// family finds the family of a series' name: OpenMetrics names counters without _total, histograms without _bucket.
func (s scrape) family(series string) (string, *family) {
	for _, suffix := range []string{"", "_total", "_bucket", "_sum", "_count", "_info"} {
		name, has := strings.CutSuffix(series, suffix)
		if f := s.families[name]; has && f != nil {
			return name, f
		}
	}
	return "", nil
}

// isCounter says whether a series only grows, a process restart apart.
func (s scrape) isCounter(key string) bool {
	f := s.families[s.of[key]]
	return f != nil && (f.kind == model.MetricTypeCounter || f.kind == model.MetricTypeHistogram)
}

// scrapes is the folder that the stories of tests/stories/alerting.rs have written to.
func scrapes(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SCRAPES")
	if dir == "" {
		dir = "../../target/tmp/scrapes"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("%s: there are no scrapes: %v. They are written by: cargo test --test stories alerting", dir, err)
	}
	return dir
}

// recorded reads the scrapes of a fault, in order.
func recorded(t *testing.T, fault string) []scrape {
	t.Helper()
	var all []scrape
	for n := 0; ; n++ {
		text, err := os.ReadFile(filepath.Join(scrapes(t), fault, fmt.Sprintf("%d.prom", n)))
		if errors.Is(err, os.ErrNotExist) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parse(t, text, target))
	}
	inOurTime(all)
	if fault != "aws-slow" {
		atOnce(all)
	}
	if len(all) < 2 {
		t.Fatalf("the fault %s has %d scrapes, not one before and some during it; they are written by: cargo test --test stories alerting", fault, len(all))
	}
	return all
}

// callDurations are those of the simulator, which shares the machine with other stories.
const callDurations = "aws_api_call_duration_seconds_bucket"

// atOnce lets AWS answer every call at once: how long the calls of a few seconds took says how busy the machine was, not how
// AWS is, but where the fault is that AWS is slow.
func atOnce(all []scrape) {
	for _, s := range all {
		for key, series := range s.series {
			if series.Get(labels.MetricName) == callDurations {
				every := labels.NewBuilder(series).Set("le", "+Inf").Labels()
				s.values[key] = s.values[every.String()]
			}
		}
	}
}

// rolloutAge is told by AWS's clock, which in the stories is the simulator's: of another year, and faster.
const rolloutAge = "ecs_operator_rollout_oldest_in_progress_seconds"

// inOurTime lets a rollout's age begin with the first scrape that tells of it.
func inOurTime(all []scrape) {
	var began, last float64
	for _, s := range all {
		for key, series := range s.series {
			if series.Get(labels.MetricName) != rolloutAge {
				continue
			}
			said := s.values[key]
			if last == 0 || said < last {
				// Not zero, which says that there is none.
				began = said - 1
			}
			if last = said; said > 0 {
				s.values[key] = said - began
			}
		}
	}
}

// faults are the names of everything that is recorded.
func faults(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(scrapes(t))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	sort.Strings(names)
	return names
}

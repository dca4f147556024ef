package observability

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/teststorage"
)

// step is the time between two scrapes, and between two looks at the rules.
const step = time.Minute

// timeline is what Prometheus has stored.
type timeline struct {
	t       *testing.T
	storage *teststorage.TestStorage
	engine  *promql.Engine
	parser  parser.Parser
	now     time.Time
	last    map[string]labels.Labels
}

// newTimeline is an empty one.
func newTimeline(t *testing.T) *timeline {
	t.Helper()
	return &timeline{
		t:       t,
		storage: teststorage.New(t),
		engine: promql.NewEngine(promql.EngineOpts{
			MaxSamples:    50_000_000,
			Timeout:       time.Minute,
			LookbackDelta: 5 * time.Minute,
		}),
		parser: parser.NewParser(parser.Options{}),
		now:    time.Unix(1_767_225_600, 0).UTC(),
	}
}

// scrape stores what several targets said, a step after the last time. What a target does not say any more ends, as Prometheus
// ends it: with a stale marker.
func (tl *timeline) scrape(said ...scrape) {
	tl.t.Helper()
	tl.now = tl.now.Add(step)
	appender := tl.storage.Appender(context.Background())
	at := tl.now.UnixMilli()
	present := map[string]labels.Labels{}
	for _, s := range said {
		for key, series := range s.series {
			present[key] = series
			if _, err := appender.Append(0, series, at, s.values[key]); err != nil {
				tl.t.Fatal(err)
			}
		}
	}
	for key, series := range tl.last {
		if _, stays := present[key]; !stays {
			if _, err := appender.Append(0, series, at, math.Float64frombits(value.StaleNaN)); err != nil {
				tl.t.Fatal(err)
			}
		}
	}
	tl.last = present
	if err := appender.Commit(); err != nil {
		tl.t.Fatal(err)
	}
}

// isAge says whether a series tells for how long something has been so.
func isAge(name string) bool {
	return strings.HasSuffix(name, "_seconds") && name != "process_start_time_seconds"
}

// next is what the operator says a step after `last` if what happened between `before` and `last` goes on: counters grow by as
// much again, and what got older gets older still; the age of a watch only when it is silent.
func next(before, last, now scrape, silent bool) scrape {
	then := scrape{map[string]float64{}, last.series, last.families, last.of}
	for key, series := range last.series {
		grown, name := last.values[key]-before.values[key], series.Get(labels.MetricName)
		switch {
		case last.isCounter(key):
			then.values[key] = now.values[key] + max(0, grown)
		case name == "ecs_operator_watch_age_seconds" && !silent:
			then.values[key] = min(last.values[key], step.Seconds())
		case isAge(name) && grown > 0:
			then.values[key] = now.values[key] + step.Seconds()
		default:
			then.values[key] = now.values[key]
		}
	}
	return then
}

// again is what the operator says when `from` → `to` happens another time to one that says `now`: counters grow by as much,
// and all else is as it was.
func again(from, to, now scrape) scrape {
	then := scrape{map[string]float64{}, map[string]labels.Labels{}, to.families, to.of}
	for key, series := range to.series {
		then.series[key], then.values[key] = series, to.values[key]
		if to.isCounter(key) {
			then.values[key] = now.values[key] + max(0, to.values[key]-from.values[key])
		}
	}
	return then
}

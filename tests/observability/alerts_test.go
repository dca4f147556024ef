package observability

import (
	"context"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/rules"
)

const (
	chart    = "../../charts/ecs-operator/files/"
	runbooks = "../../docs/runbooks/"
)

// before is how long all is well before a fault, during how long the fault lasts after its last scrape: longer than any alert
// looks back or waits.
const (
	before = 20
	during = 75
)

// seeded are the faults that stories seed into the real operator, and the alerts that fire then: these and no others.
var seeded = map[string][]string{
	"none":       {},
	"busy":       {},
	"steady":     {},
	"down":       {"EcsOperatorDown"},
	"restarting": {"EcsOperatorRestarting"},
	"no-leader":  {"EcsOperatorNoLeader"},
	// With one worker, so that others wait.
	"hang":            {"EcsOperatorQueueBacklog", "EcsOperatorReconcileHangs"},
	"watch-stale":     {"EcsOperatorWatchStale"},
	"kubernetes-down": {"EcsOperatorKubernetesErrors", "EcsOperatorWatchStale"},
	"aws-throttled":   {"EcsOperatorAwsThrottled", "EcsOperatorReconcileErrors"},
	"aws-unavailable": {"EcsOperatorAwsUnavailable", "EcsOperatorReconcileErrors"},
	"aws-credentials": {"EcsOperatorAwsCredentialsInvalid", "EcsOperatorReconcileErrors"},
	"aws-denied":      {"EcsOperatorAwsAccessDenied"},
	"aws-slow":        {"EcsOperatorAwsSlow"},
	"waiting":         {"EcsObjectReconcilingTooLong"},
	"stalled":         {"EcsObjectStalled"},
	"deleting":        {"EcsObjectStuckDeleting"},
	// The story has an object that can be read and that no cloud could run, too.
	"unreadable":     {"EcsObjectStalled", "EcsObjectUnreadable"},
	"rollout-failed": {"EcsRolloutFailed"},
	"rollout-slow":   {"EcsRolloutSlow"},
	"drift":          {"EcsDriftRepairLoop"},
}

// silent are the faults in which the watches of the API server are not heard of. In all others a bookmark comes once a minute, for
// which no story is long enough.
var silent = map[string]bool{"watch-stale": true, "kubernetes-down": true}

// alert is a rule of the chart as Prometheus evaluates it.
type alert struct {
	rule   *rules.AlertingRule
	source rulefmt.Rule
}

// alerts reads the chart's rules, strictly.
func alerts(t *testing.T, tl *timeline) []alert {
	t.Helper()
	groups, errs := rulefmt.ParseFile(chart+"alerts.yaml", false, model.UTF8Validation, tl.parser, promslog.NewNopLogger())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	var all []alert
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			expr, err := tl.parser.ParseExpr(rule.Expr)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, alert{rules.NewAlertingRule(
				rule.Alert, expr, time.Duration(rule.For), time.Duration(rule.KeepFiringFor),
				labels.FromMap(rule.Labels), labels.FromMap(rule.Annotations), labels.EmptyLabels(), "", true, slog.New(slog.DiscardHandler),
			), rule})
		}
	}
	return all
}

// firing evaluates the rules now and adds those that fire.
func firing(tl *timeline, all []alert, fired map[string]bool) {
	tl.t.Helper()
	query := rules.EngineQueryFunc(tl.engine, tl.storage)
	for _, a := range all {
		if _, err := a.rule.Eval(context.Background(), 0, tl.now, query, &url.URL{}, 0); err != nil {
			tl.t.Fatalf("%s: %v", a.rule.Name(), err)
		}
		a.rule.ForEachActiveAlert(func(active *rules.Alert) {
			if active.State != rules.StateFiring {
				return
			}
			fired[a.rule.Name()] = true
			// By it an AlertmanagerConfig chooses its alerts. What is absent has none; the chart adds it.
			if got := active.Labels.Get("namespace"); got != namespace && a.rule.Name() != "EcsOperatorDown" {
				tl.t.Errorf("%s: namespace %q", a.rule.Name(), got)
			}
		})
	}
}

func names(fired map[string]bool) []string {
	list := []string{}
	for name := range fired {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}

func TestEachFaultFiresItsAlertsAndNoOthers(t *testing.T) {
	for fault, expected := range seeded {
		if len(expected) == 0 {
			continue
		}
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			tl, said := newTimeline(t), recorded(t, fault)
			all, fired := alerts(t, tl), map[string]bool{}
			for range before {
				tl.scrape(said[0])
				firing(tl, all, fired)
			}
			if len(fired) > 0 {
				t.Errorf("before the fault: %v fire", names(fired))
			}
			for _, s := range said[1:] {
				tl.scrape(s)
				firing(tl, all, fired)
			}
			previous, last := said[len(said)-2], said[len(said)-1]
			now := last
			for range during {
				now = next(previous, last, now, silent[fault])
				tl.scrape(now)
				firing(tl, all, fired)
			}
			if got := names(fired); !slices.Equal(got, expected) {
				t.Errorf("%v fire; expected: %v", got, expected)
			}
		})
	}
}

func TestNoAlertFiresInSixHoursOfGoodLife(t *testing.T) {
	tl, said := newTimeline(t), recorded(t, "none")
	all, fired := alerts(t, tl), map[string]bool{}
	now := said[0]
	for range 6 * 60 / (len(said) - 1) {
		for n := 1; n < len(said); n++ {
			now = again(said[n-1], said[n], now)
			tl.scrape(now)
			firing(tl, all, fired)
		}
	}
	if len(fired) > 0 {
		t.Errorf("%v fire", names(fired))
	}
}

// pace is the time between two scrapes of the stories that scrape at any moment. They are replayed with a minute between them, so that
// what is told to have been so for a second has been so for two minutes.
const pace = 500 * time.Millisecond

// stretched is a scrape of such a story as it would be if everything took as much longer. The API server's bookmarks come once a minute
// in either.
func stretched(s scrape) scrape {
	slow := scrape{map[string]float64{}, s.series, s.families, s.of}
	for key, series := range s.series {
		slow.values[key] = s.values[key]
		switch name := series.Get(labels.MetricName); {
		case s.isCounter(key):
		case name == "ecs_operator_watch_age_seconds":
			slow.values[key] = min(s.values[key], step.Seconds())
		case isAge(name):
			slow.values[key] *= step.Seconds() / pace.Seconds()
		}
	}
	return slow
}

// soak replays a story that scrapes at any moment for three hours at least, in which no alert fires. It returns the most that was told of
// some metrics of what is under way.
func soak(t *testing.T, story string, most map[string]float64) {
	t.Helper()
	tl, said := newTimeline(t), recorded(t, story)
	all, fired := alerts(t, tl), map[string]bool{}
	now := stretched(said[0])
	for range max(1, 3*60/(len(said)-1)) {
		for n := 1; n < len(said); n++ {
			now = again(said[n-1], stretched(said[n]), now)
			tl.scrape(now)
			firing(tl, all, fired)
			for key, series := range now.series {
				if name, status := series.Get(labels.MetricName), series.Get("type"); status == "" || status == "Reconciling" {
					if before, is := most[name]; is {
						most[name] = max(before, now.values[key])
					}
				}
			}
		}
	}
	if len(fired) > 0 {
		t.Errorf("%v fire", names(fired))
	}
}

func TestNoAlertFiresInRolloutsAndEditsLookedAtAtAnyMoment(t *testing.T) {
	// What can only be seen in the middle of something is in it.
	seen := map[string]float64{rolloutAge: 0, "operator_status_condition_current_status_seconds": 0}
	soak(t, "busy", seen)
	for name, most := range seen {
		if most < step.Seconds() {
			t.Errorf("%s: at most %g: nothing is proved", name, most)
		}
	}
}

// A hundred looks at every member of every kind, scraped all the while.
func TestNoAlertFiresWhileEverythingIsLookedAtAgainAndAgain(t *testing.T) {
	soak(t, "steady", nil)
	if said := recorded(t, "steady"); len(said) < 20 {
		t.Errorf("only %d scrapes: nothing is proved", len(said))
	}
}

// Other operators have metrics of the same names: what goes wrong with them is not told of ours.
func TestFaultsOfOthersFireNothing(t *testing.T) {
	others := map[string]string{"controller": "ingress", "name": "ingress", "kind": "Ingress", "service": "EC2"}
	theirs := func(s scrape) scrape {
		foreign := scrape{map[string]float64{}, map[string]labels.Labels{}, s.families, map[string]string{}}
		for key, series := range s.series {
			if strings.HasPrefix(series.Get(labels.MetricName), "ecs_operator_") {
				continue
			}
			b := labels.NewBuilder(series).Set("job", "other").Set("instance", "10.0.0.2:8080")
			for name, value := range others {
				if series.Has(name) {
					b.Set(name, value)
				}
			}
			made := b.Labels()
			foreign.series[made.String()], foreign.values[made.String()] = made, foreign.values[made.String()]+s.values[key]
			foreign.of[made.String()] = s.of[key]
		}
		return foreign
	}
	good := recorded(t, "none")[0]
	for fault := range seeded {
		if len(seeded[fault]) == 0 || fault == "down" {
			continue
		}
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			tl, said := newTimeline(t), recorded(t, fault)
			all, fired := alerts(t, tl), map[string]bool{}
			first, previous, last := theirs(said[0]), theirs(said[len(said)-2]), theirs(said[len(said)-1])
			for range before {
				tl.scrape(good, first)
			}
			now := last
			for range during {
				now = next(previous, last, now, true)
				tl.scrape(good, now)
				firing(tl, all, fired)
			}
			if len(fired) > 0 {
				t.Errorf("%v fire", names(fired))
			}
		})
	}
}

func TestEveryAlertHasAFaultThatFiresItAndEveryFaultIsRecorded(t *testing.T) {
	fires := map[string]bool{}
	for _, list := range seeded {
		for _, name := range list {
			fires[name] = true
		}
	}
	all := alerts(t, newTimeline(t))
	if len(all) < 12 {
		t.Errorf("only %d alerts", len(all))
	}
	for _, a := range all {
		if !fires[a.rule.Name()] {
			t.Errorf("no fault fires %s", a.rule.Name())
		}
		delete(fires, a.rule.Name())
	}
	for name := range fires {
		t.Errorf("there is no alert %s", name)
	}
	var expected []string
	for fault := range seeded {
		expected = append(expected, fault)
	}
	sort.Strings(expected)
	if got := faults(t); !slices.Equal(got, expected) {
		t.Errorf("%v are recorded in %s; expected: %v", got, scrapes(t), expected)
	}
}

func TestEveryAlertSaysWhatToDoAndHasItsRunbook(t *testing.T) {
	pages, err := os.ReadDir(runbooks)
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	for _, page := range pages {
		left[page.Name()] = true
	}
	for _, a := range alerts(t, newTimeline(t)) {
		name := a.rule.Name()
		if severity := a.source.Labels["severity"]; severity != "critical" && severity != "warning" {
			t.Errorf("%s: severity %q", name, severity)
		}
		for _, annotation := range []string{"summary", "description"} {
			if a.source.Annotations[annotation] == "" {
				t.Errorf("%s has no %s", name, annotation)
			}
		}
		if a.source.Annotations["runbook_url"] != "https://github.com/ecs-operator/ecs-operator/blob/main/docs/runbooks/"+name+".md" {
			t.Errorf("%s: runbook_url %q", name, a.source.Annotations["runbook_url"])
		}
		text, err := os.ReadFile(runbooks + name + ".md")
		if err != nil {
			t.Error(err)
			continue
		}
		delete(left, name+".md")
		if !strings.HasPrefix(string(text), "# "+name+"\n") {
			t.Errorf("%s.md has another title", name)
		}
		for _, part := range []string{"## Meaning", "## Impact", "## Diagnose", "## Fix"} {
			if !strings.Contains(string(text), "\n"+part+"\n") {
				t.Errorf("%s.md has no %q", name, part)
			}
		}
	}
	delete(left, "README.md")
	for page := range left {
		t.Errorf("%s is of no alert", page)
	}
}

//! Nothing that people or AWS write makes a parser panic, and what a parser accepts says the same when it is read again.

use std::{collections::BTreeMap, time::Duration};

use clap::Parser;
use ecs_operator::{
    api::size,
    config::{Cli, Command},
    desired::deployment_action,
    import::{locate::Lines, names, objects::import, prune::Pruner, read::File, shape::Shape},
    model::{
        Tags, arn,
        content::Content,
        ownership::{ADOPT, Claim, Owner},
        text,
    },
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

/// Texts that look like what a parser reads, with mistakes in them.
fn nearly(parts: &'static [&'static str]) -> impl Strategy<Value = String> {
    let part =
        prop_oneof![4 => proptest::sample::select(parts).prop_map(str::to_owned), 1 => ".{0,3}"];
    vec(part, 0..12).prop_map(|parts| parts.concat())
}

const OF_ARNS: &[&str] = &[
    "arn",
    ":",
    "aws",
    "ecs",
    "us-east-1",
    "000000000000",
    "service",
    "task-definition",
    "cluster",
    "/",
    "web",
    "7",
    "-1",
    "99999999999999999999",
];

const OF_JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\"family\":",
    "\"web\"",
    "\"containerDefinitions\":",
    "\"taskDefinition\":",
    "\"services\":",
    "null",
    "true",
    "0",
    "-1.5e9",
    "\n",
    "\"tags\":",
    "{{ must_env `A` }}",
    "\"\"",
    "\\u00",
    "ä",
];

const OF_SIZES: &[&str] = &[
    "0",
    "1",
    "256",
    ".",
    ".25",
    "4",
    " ",
    "vCPU",
    "vcpu",
    "VCPU",
    "GB",
    "gb",
    "MB",
    "-",
    "+",
    "e9",
    "inf",
    "nan",
    "\u{a0}",
    "99999999999999999999",
];

const OF_ANSWERS: &[&str] = &[
    "ecs-svc/",
    "1234567890123456789",
    "=",
    "Continue",
    "Rollback",
    "continue",
    " ",
    "\n",
];

const OF_CONSENT: &[&str] = &["c1", "any", "*", "/", "team", "web", " ", "//"];

/// Any JSON, with members that task definitions and services have among others.
fn any_json() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        proptest::sample::select(vec![
            "family",
            "containerDefinitions",
            "name",
            "image",
            "environment",
            "value",
            "portMappings",
            "containerPort",
            "hostPort",
            "networkMode",
            "tags",
            "key",
            "options",
            "KeyName",
            "serviceName",
            "cluster",
            "taskDefinition",
            "deploymentConfiguration",
            "desiredCount",
            "volumes",
            "host",
            "cpu",
            "logConfiguration",
            "logDriver",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z.\\[\\]\"]{0,4}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
        Just(json!("")),
        Just(json!("awsvpc")),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn drift_period(text: &str) -> Option<Duration> {
    let flag = format!("--drift-period={text}");
    match Cli::try_parse_from(["ecs-operator", "run", &flag])
        .ok()?
        .command
    {
        Command::Run(run) => Some(run.drift_period),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arns_are_read_without_panic_and_the_same_again(text in nearly(OF_ARNS), revision in 1..i64::MAX) {
        let _ = (arn::last_segment(&text), arn::cluster_of_service(&text), arn::same_task_definition(&text, "web:1"));
        prop_assert!(text.contains(arn::family(&text)));
        if let (Some(number), Some(other)) = (arn::revision(&text), arn::with_revision(&text, revision)) {
            prop_assert_eq!(arn::revision(&other), Some(revision));
            prop_assert_eq!(arn::family(&other), arn::family(&text));
            let back = arn::with_revision(&other, number).expect("it has one");
            prop_assert_eq!(arn::revision(&back), Some(number));
        }
    }

    #[test]
    fn families_and_revisions_are_read_as_they_were_written(family in "[A-Za-z0-9_-]{1,255}", revision in 1..i64::MAX, account in "[0-9]{12}") {
        let short = format!("{family}:{revision}");
        let long = format!("arn:aws:ecs:eu-west-1:{account}:task-definition/{short}");
        for text in [&short, &long] {
            prop_assert_eq!((arn::family(text), arn::revision(text)), (family.as_str(), Some(revision)));
        }
        prop_assert!(arn::same_task_definition(&short, &long));
        prop_assert_eq!((arn::family(&family), arn::revision(&family)), (family.as_str(), None));
    }

    #[test]
    fn sizes_are_positive_or_refused_and_the_same_again(text in nearly(OF_SIZES)) {
        for read in [size::cpu_units, size::memory_mib] {
            if let Some(units) = read(&text) {
                prop_assert!(units > 0, "{text}: {units}");
                prop_assert_eq!(read(&units.to_string()), Some(units), "{}", text);
            }
        }
    }

    #[test]
    fn sizes_are_read_as_they_were_written(sixteenths in 1..16_000i64, space in " {0,3}", vcpu in "[vV][cC][pP][uU]", gb in "[gG][bB]") {
        // Four decimals suffice.
        let number = sixteenths as f64 / 16.0;
        let short = number.to_string();
        for number in [format!("{number:.4}"), short.trim_start_matches('0').to_owned(), short] {
            let (cpu, memory) = (format!("{number}{space}{vcpu}"), format!("{number}{space}{gb}"));
            prop_assert_eq!(size::cpu_units(&cpu), Some(sixteenths * 64), "{}", cpu);
            prop_assert_eq!(size::memory_mib(&memory), Some(sixteenths * 64), "{}", memory);
            prop_assert_eq!((size::cpu_units(&memory), size::memory_mib(&cpu)), (None, None));
        }
        prop_assert_eq!(size::cpu_units(&sixteenths.to_string()), Some(sixteenths));
    }

    #[test]
    fn answers_to_a_pause_are_read_whole_or_refused_with_the_way_out(text in nearly(OF_ANSWERS)) {
        match deployment_action::parse(&text) {
            Ok((id, action)) => {
                prop_assert!(!id.is_empty());
                prop_assert_eq!(format!("{id}={action:?}"), text);
            }
            Err(error) => prop_assert!(error.contains("<status.rollout.id>=Continue"), "{error}"),
        }
    }

    #[test]
    fn answers_to_a_pause_are_read_as_they_were_written(id in "ecs-svc/[0-9]{1,19}", goes_on in any::<bool>()) {
        let word = if goes_on { "Continue" } else { "Rollback" };
        let value = format!("{id}={word}");
        let (read, action) = deployment_action::parse(&value).expect("an answer");
        prop_assert_eq!((read, action.as_str().to_owned()), (id.as_str(), word.to_uppercase()));
    }

    #[test]
    fn only_the_very_words_of_consent_make_a_resource_available(text in nearly(OF_CONSENT)) {
        let owner = Owner { cluster_id: "c1".into(), namespace: "team".into(), name: "web".into(), uid: "u1".into() };
        let tags: Tags = [(ADOPT.to_owned(), text.clone())].into();
        let consents = [owner.consent(), "any/team/web".to_owned()].contains(&text);
        prop_assert_eq!(owner.claim(&tags) == Claim::Available, consents, "{}", text);
    }

    #[test]
    fn nearly_json_is_imported_or_refused(text in nearly(OF_JSON)) {
        let _ = (Lines::of(&text), text::without_values(&text));
        let file = File { name: "a.json", text: &text };
        if let Err(problems) = import(&[file], Some("main")) {
            prop_assert!(!problems.is_empty());
        }
    }

    #[test]
    fn any_json_is_imported_or_refused(document in any_json()) {
        let text = document.to_string();
        let file = File { name: "a.json", text: &text };
        if let Err(problems) = import(&[file], Some("main")) {
            prop_assert!(!problems.is_empty());
        }
    }

    #[test]
    fn every_member_is_found_in_the_line_where_it_stands(members in proptest::collection::btree_map("[a-z]{1,5}", any_json(), 0..5)) {
        let document = json!(members);
        let text = serde_json::to_string_pretty(&document).expect("JSON");
        let lines = Lines::of(&text);
        for name in members.keys() {
            let own = format!("  \"{name}\": ");
            let at = text.lines().position(|line| line.starts_with(&own));
            prop_assert_eq!(lines.line(name), at.map(|index| index + 1), "{}", text);
        }
    }

    #[test]
    fn every_name_of_aws_becomes_a_name_of_kubernetes(aws in "\\PC{0,300}", taken in vec("[a-z]{1,3}", 0..3)) {
        let name = names::unique(&names::kubernetes(&aws), |name| taken.iter().any(|other| other == name));
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        prop_assert!(name.len() <= 63 && edge(name.chars().next()) && edge(name.chars().last()), "{name}");
        prop_assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{name}");
        let _ = names::nearest(&aws, taken.iter().map(String::as_str));
    }

    #[test]
    fn values_in_errors_are_hidden_whatever_they_are(value in "[a-z0-9]{8,20}", quote in proptest::sample::select(vec!['`', '"'])) {
        let told = text::without_values(&format!("invalid type: string {quote}{value}{quote}, expected i32"));
        prop_assert!(!told.contains(&value), "{told}");
    }
}

proptest! {
    // Each case reads a whole command line.
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn times_are_read_as_they_were_written(number in 1..u64::MAX, unit in proptest::sample::select(vec![("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)])) {
        let expected = number.checked_mul(unit.1).map(Duration::from_millis);
        prop_assert_eq!(drift_period(&format!("{number}{}", unit.0)), expected);
    }

    #[test]
    fn nearly_times_are_refused_or_more_than_nothing(text in nearly(&["0", "1", "30", "s", "ms", "m", "h", " ", "-", ".", "99999999999999999999"])) {
        prop_assert!(drift_period(&text).is_none_or(|time| !time.is_zero()));
    }
}

/// Numbers that follow from a seed (xorshift64*), and how many optional members a document may still get.
struct Dice {
    seed: u64,
    optional: usize,
}

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.seed ^= self.seed >> 12;
        self.seed ^= self.seed << 25;
        self.seed ^= self.seed >> 27;
        (self.seed.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides
    }

    /// A value of a shape, with a few optional members and texts that YAML could take for something else.
    fn value(&mut self, shape: &Shape) -> Value {
        const TEXTS: [&str; 8] = [
            "a",
            "yes",
            "1.0",
            "007",
            "null",
            "a: #b",
            "- \u{1}\n ä",
            "~",
        ];
        match shape {
            Shape::Object(members) => members
                .iter()
                .filter_map(|(name, member)| {
                    let is_chosen = self.optional > 0 && self.below(8) == 0;
                    self.optional -= usize::from(is_chosen);
                    let is_there = member.is_required || is_chosen;
                    is_there.then(|| (name.clone(), self.value(&member.shape)))
                })
                .collect(),
            Shape::Map(values) => json!({"k": self.value(values), "on": self.value(values)}),
            Shape::List(item) => (0..=self.below(2)).map(|_| self.value(item)).collect(),
            Shape::Text { allowed, .. } if allowed.is_empty() => {
                json!(TEXTS[self.below(TEXTS.len())])
            }
            Shape::Text { allowed, .. } => json!(allowed[self.below(allowed.len())]),
            Shape::Number { minimum, .. } => json!(minimum.max(0.0) as i64 + self.below(3) as i64),
            Shape::Flag => json!(self.below(2) == 0),
            Shape::Any => json!({"any": [1, "x"]}),
        }
    }
}

#[test]
fn what_is_imported_says_the_same_as_yaml_and_when_it_is_imported_again() {
    let mut accepted = BTreeMap::<&str, usize>::new();
    for seed in 1..=600 {
        let mut dice = Dice {
            seed,
            optional: seed as usize % 4,
        };
        let kind = ["EcsCluster", "EcsTaskDefinition", "EcsService"][dice.below(3)];
        let mut document = dice.value(Shape::of_spec(kind));
        let (name, given) = match kind {
            "EcsCluster" => ("clusterName", json!("main")),
            "EcsTaskDefinition" => {
                for container in document["containerDefinitions"]
                    .as_array_mut()
                    .into_iter()
                    .flatten()
                {
                    container["essential"] = json!(true);
                    container["memory"] = json!(128);
                }
                ("family", json!("web"))
            }
            _ => ("taskDefinition", json!("web:1")),
        };
        document[name] = given;
        for ours in [
            "clusterRef",
            "taskDefinitionRef",
            "region",
            "tags",
            "networkMode",
        ] {
            document.as_object_mut().expect("an object").remove(ours);
        }
        let text = document.to_string();
        let file = File {
            name: "a.json",
            text: &text,
        };
        let Ok(imported) = import(&[file], Some("main")) else {
            continue;
        };
        *accepted.entry(kind).or_default() += 1;
        for object in &imported.objects {
            let manifest = object.manifest(Some("team"));
            let yaml = serde_saphyr::to_string(&manifest).expect("YAML");
            let again: Value = serde_saphyr::from_str(&yaml).expect("readable");
            assert_eq!(again, manifest, "{yaml}");
            let mut pruner = Pruner::default();
            let members = Shape::of_spec(object.kind.name())
                .members()
                .expect("members");
            assert_eq!(pruner.object(&object.spec, members, ""), object.spec);
            assert_eq!((pruner.wrong, pruner.dropped), (vec![], vec![]));
            assert_eq!(Content::new(&object.spec).differences(&object.spec), vec![]);
        }
    }
    // Few enough to bear more rules, enough to say something.
    let is_enough = accepted.len() == 3 && accepted.values().all(|count| *count >= 3);
    assert!(is_enough, "too few documents were accepted: {accepted:?}");
}

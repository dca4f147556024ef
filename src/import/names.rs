//! Names: AWS's made into Kubernetes', and the nearest one to a name that does not exist.

/// Longest name that also fits a label's value.
const NAME_MAX: usize = 63;

/// A valid Kubernetes name that looks like a name of AWS: `My_Service` becomes `my-service`.
pub fn kubernetes(aws: &str) -> String {
    let mut name = String::with_capacity(aws.len());
    for c in aws.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            'a'..='z' | '0'..='9' => name.push(c),
            // One hyphen for each run of what no name can have.
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    name.truncate(NAME_MAX);
    let trimmed = name.trim_end_matches('-');
    if trimmed.is_empty() {
        "imported".to_owned()
    } else {
        trimmed.to_owned()
    }
}

/// The same name, or with the first number from 2 that makes it one that is not `taken`.
pub fn unique(name: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_owned();
    }
    let numbered = |n: usize| {
        let suffix = format!("-{n}");
        let head = &name[..name.len().min(NAME_MAX - suffix.len())];
        format!("{}{suffix}", head.trim_end_matches('-'))
    };
    (2..)
        .map(numbered)
        .find(|name| !taken(name))
        .expect("numbers do not end")
}

/// The name that was probably meant: two letters, or a third of them, are otherwise at most. Case does not count.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    known
        .map(|known| (distance(&name, &known.to_ascii_lowercase()), known))
        .filter(|(distance, known)| *distance <= (known.chars().count() / 3).max(2))
        .min_by_key(|(distance, known)| (*distance, *known))
        .map(|(_, known)| known)
}

/// Insertions, deletions and changes that lead from one word to the other, one row of the table at a time.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_aws_become_names_of_kubernetes() {
        let long = "x".repeat(255);
        let cases = [
            ("My_Service", "my-service"),
            ("web", "web"),
            ("__a..b__", "a-b"),
            ("___", "imported"),
            (long.as_str(), &long[..63]),
        ];
        for (aws, expected) in cases {
            assert_eq!(kubernetes(aws), expected);
        }
    }

    #[test]
    fn second_object_of_a_name_is_numbered() {
        assert_eq!(unique("web", |_| false), "web");
        assert_eq!(unique("web", |name| name == "web"), "web-2");
        let long = "x".repeat(63);
        assert_eq!(unique(&long, |name| name == long).len(), 63);
    }

    #[test]
    fn nearest_name_is_what_was_meant() {
        let known = ["image", "memory", "memoryReservation", "portMappings"];
        let nearest = |name| nearest(name, known.into_iter());
        assert_eq!(nearest("imgae"), Some("image"));
        assert_eq!(nearest("PortMapping"), Some("portMappings"));
        assert_eq!(nearest("memoryReservations"), Some("memoryReservation"));
        assert_eq!(nearest("frobnicate"), None);
    }
}

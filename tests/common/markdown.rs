//! Markdown as the documentation uses it: fenced blocks, headings, links.

/// A fenced block.
#[derive(Debug)]
pub struct Block {
    /// Line of the fence, from 1.
    pub line: usize,
    /// First word after the fence: `yaml`, `sh`, ….
    pub language: String,
    /// The words after it: `run`, `fragment=EcsService.spec`, ….
    pub marks: Vec<String>,
    /// What stands in it, without the fence's indentation.
    pub text: String,
}

impl Block {
    /// The value of a mark: empty for one without, none if it is not there.
    pub fn mark(&self, name: &str) -> Option<&str> {
        self.marks.iter().find_map(|mark| {
            let (key, value) = mark.split_once('=').unwrap_or((mark, ""));
            (key == name).then_some(value)
        })
    }
}

/// Every fenced block of a text.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<(usize, Block)> = None;
    for (number, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(info)) => {
                let mut words = info.split_whitespace().map(str::to_owned);
                let block = Block {
                    line: number + 1,
                    language: words.next().unwrap_or_default(),
                    marks: words.collect(),
                    text: String::new(),
                };
                open = Some((indent, block));
            }
            (Some(_), Some(_)) => found.extend(open.take().map(|(_, block)| block)),
            (Some((indent, block)), None) => {
                block.text.push_str(line.get(*indent..).unwrap_or_default());
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed: {open:?}");
    found
}

/// The text without its fenced blocks.
pub fn prose(text: &str) -> String {
    let mut is_inside = false;
    let mut kept = String::new();
    for line in text.lines() {
        let is_fence = line.trim_start().starts_with("```");
        is_inside ^= is_fence;
        if !is_inside && !is_fence {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The anchor of a heading: lower case, words joined by hyphens, punctuation gone.
pub fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let words: String = heading.trim().to_lowercase().chars().filter(kept).collect();
    words.replace(' ', "-")
}

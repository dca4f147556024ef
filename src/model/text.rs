//! Texts for people.

/// Cuts a text to at most `max` bytes at a character, and shows that it was cut.
pub fn truncate(text: &mut String, max: usize) {
    if text.len() > max {
        let mut end = max - '…'.len_utf8();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let mut text = "ä".repeat(600);
        truncate(&mut text, 1000);
        assert!(text.len() <= 1000 && text.ends_with('…'));
    }
}

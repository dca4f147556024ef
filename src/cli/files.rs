//! Files that a command is given: themselves, the files of a folder, or standard input.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

/// What stands for standard input.
const STDIN: &str = "-";

/// A file's name and text. The name is for people.
pub struct Text {
    /// Name.
    pub name: String,
    /// Text.
    pub text: String,
}

/// Reads files; of folders those with one of the endings, in the order of their names. The error is a sentence.
pub fn read(paths: &[PathBuf], endings: &[&str]) -> Result<Vec<Text>, String> {
    let mut texts = Vec::new();
    for path in paths {
        if path.as_os_str() == STDIN {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| format!("standard input can't be read: {error}. Give UTF-8."))?;
            texts.push(Text {
                name: "standard input".into(),
                text,
            });
        } else if path.is_dir() {
            for file in folder(path, endings)? {
                texts.push(text(&file)?);
            }
        } else {
            texts.push(text(path)?);
        }
    }
    Ok(texts)
}

fn folder(path: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error| {
        format!(
            "{} can't be read: {error}. Give a file or a folder.",
            path.display()
        )
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let ending = file.extension().and_then(|ending| ending.to_str());
        if file.is_file() && ending.is_some_and(|ending| endings.contains(&ending)) {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(format!(
            "{} has no file that ends in .{}. Give another folder, or a file.",
            path.display(),
            endings.join(" or .")
        ));
    }
    files.sort();
    Ok(files)
}

fn text(path: &Path) -> Result<Text, String> {
    let text = fs::read_to_string(path).map_err(|error| {
        format!(
            "{} can't be read: {error}. Give a file of UTF-8 text.",
            path.display()
        )
    })?;
    Ok(Text {
        name: path.display().to_string(),
        text,
    })
}

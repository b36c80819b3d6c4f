//! Checked rules filed as bytes, and read one by one when somebody asks for one.
//!
//! ```text
//! headings  │ title, id, level, tags .. of rule 0 │ of rule 1 │ ..       read when a rule's heading is asked for
//! branches  │ selections and conditions of rule 0 │ of rule 1 │ ..       read when a rule is explained or shown
//! lists     │ long lists of values, each once, however many branches of how many rules ask for it
//! ```
//!
//! What is damaged reads as a rule that says nothing: whoever forges a file gets wrong answers, but answers.

use crate::check::{Branch, Condition, List, LogSource, Metadata, Networks, Rule, Test};
use crate::program::tables::{Kept, Reader, Writer};
use crate::reference::Regexes;
use crate::text::Texts;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// What a rule says about itself.
#[derive(Debug, Default)]
pub(super) struct Heading {
    pub(super) meta: Metadata,
    pub(super) logsource: LogSource,
}

/// A rule that was read, with what explanations need beside it.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) rule: Rule,
    /// Its expressions, compiled when the first explanation asks.
    pub(super) regexes: OnceLock<Regexes>,
}

/// Filed rules, borrowed.
#[derive(Debug)]
pub(super) struct Filed<'a> {
    headings: Column<'a>,
    branches: Column<'a>,
    lists: Vec<(&'a [u8], &'a [u32])>,
    networks: Vec<&'a [u8]>,
}

/// Rules that were read.
#[derive(Debug, Default)]
pub(super) struct Read {
    headings: Vec<OnceLock<Box<Heading>>>,
    wholes: Vec<OnceLock<Box<Whole>>>,
    lists: Vec<OnceLock<Arc<Texts>>>,
}

/// One part of every rule.
#[derive(Debug)]
struct Column<'a> {
    kept: &'a [Kept],
    reader: Reader<'a>,
}

impl<'a> Column<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self { kept: reader.table()?, reader: reader.clone() })
    }

    fn get(&self, index: usize) -> &'a [u8] {
        self.kept.get(index).map_or(&[], |kept| self.reader.kept(*kept))
    }
}

/// Files rules. Their origins are not kept.
#[derive(Default)]
pub(super) struct Filer {
    headings: Vec<Kept>,
    branches: Vec<Kept>,
    lists: Lists,
}

impl Filer {
    /// Files the next rule, and gives its index.
    pub(super) fn put(&mut self, mut rule: Rule, writer: &mut Writer) -> usize {
        self.headings.push(writer.keep(&bytes_of(&(&rule.meta, &rule.logsource))));
        rule.each_test_mut(&mut |test| self.lists.take(test));
        self.branches.push(writer.keep(&bytes_of(&rule.branches)));
        self.branches.len() - 1
    }

    /// Writes where all rules are, and their lists.
    pub(super) fn write(self, writer: &mut Writer) {
        writer.table(&self.headings);
        writer.table(&self.branches);
        writer.size(self.lists.texts.len());
        for list in self.lists.texts {
            let (all, ends) = list.parts();
            writer.table(all.as_bytes());
            writer.table(ends);
        }
        writer.size(self.lists.networks.len());
        for networks in self.lists.networks {
            writer.table(&bytes_of(&networks));
        }
    }
}

/// A value as it is filed.
fn bytes_of(value: &impl serde::Serialize) -> Vec<u8> {
    // INVARIANT: checked rules hold only types that postcard can write.
    postcard::to_stdvec(value).unwrap_or_default()
}

/// The long lists of all rules, taken out of them. A text of the list's number is left in its place.
#[derive(Default)]
struct Lists {
    texts: Vec<Arc<Texts>>,
    networks: Vec<Networks>,
    /// Their numbers, by where they are.
    text_numbers: HashMap<usize, usize>,
    network_numbers: HashMap<usize, usize>,
}

impl Lists {
    fn take(&mut self, test: &mut Test) {
        match test {
            Test::List(list) => {
                let next = self.texts.len();
                let number = *self.text_numbers.entry(Arc::as_ptr(&list.texts) as usize).or_insert(next);
                if number == next {
                    self.texts.push(list.texts.clone());
                }
                list.texts = Arc::new(Texts::from_iter([number.to_string()]));
            }
            Test::Networks(networks) => {
                let next = self.networks.len();
                let number = *self.network_numbers.entry(networks.0.as_ptr() as usize).or_insert(next);
                if number == next {
                    self.networks.push(networks.clone());
                }
                *test = Test::List(List {
                    anchor: crate::text::Anchor::Whole,
                    cased: false,
                    texts: Arc::new(Texts::from_iter([NETWORKS.to_owned(), number.to_string()])),
                });
            }
            _ => {}
        }
    }
}

/// What stands in front of the number of a list of networks.
const NETWORKS: &str = "networks";

impl<'a> Filed<'a> {
    /// Reads what a [`Filer`] wrote.
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            headings: Column::read(reader)?,
            branches: Column::read(reader)?,
            lists: reader.many(|reader| Some((reader.table()?, reader.table()?)))?,
            networks: reader.many(Reader::table)?,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.headings.kept.len()
    }

    /// The title, the id and the name of a rule, read anew.
    pub(super) fn names(&self, index: usize) -> (&'a str, Option<&'a str>, Option<&'a str>) {
        // INVARIANT: metadata begins with these three, which a test holds.
        postcard::take_from_bytes(self.headings.get(index)).map(|(names, _)| names).unwrap_or_default()
    }
}

impl Read {
    /// Room for so many rules and lists.
    pub(super) fn new(filed: &Filed<'_>) -> Self {
        Self {
            headings: std::iter::repeat_with(OnceLock::new).take(filed.len()).collect(),
            wholes: std::iter::repeat_with(OnceLock::new).take(filed.len()).collect(),
            lists: std::iter::repeat_with(OnceLock::new).take(filed.lists.len()).collect(),
        }
    }

    /// What a rule says about itself; `None` when there is no such rule.
    pub(super) fn heading(&self, index: usize, filed: &Filed<'_>) -> Option<&Heading> {
        let read = || {
            let (meta, logsource) = postcard::from_bytes(filed.headings.get(index)).unwrap_or_default();
            Box::new(Heading { meta, logsource })
        };
        Some(self.headings.get(index)?.get_or_init(read))
    }

    /// A whole rule; `None` when there is no such rule.
    pub(super) fn whole(&self, index: usize, filed: &Filed<'_>) -> Option<&Whole> {
        let read = || {
            let heading: (Metadata, LogSource) = postcard::from_bytes(filed.headings.get(index)).unwrap_or_default();
            let branches: Vec<Branch> = postcard::from_bytes(filed.branches.get(index)).unwrap_or_default();
            let mut rule = Rule { meta: heading.0, logsource: heading.1, branches, origin: None };
            rule.branches.retain(|branch| sound(&branch.condition, branch.selections.len()));
            rule.each_test_mut(&mut |test| self.put_list(test, filed));
            Box::new(Whole { rule, regexes: OnceLock::new() })
        };
        Some(self.wholes.get(index)?.get_or_init(read))
    }

    /// Puts a list back in its place.
    fn put_list(&self, test: &mut Test, filed: &Filed<'_>) {
        let Test::List(list) = test else { return };
        let number = |at: usize| list.texts.get(at).and_then(|text| text.parse::<usize>().ok());
        if list.texts.get(0) == Some(NETWORKS) && list.texts.len() == 2 {
            let bytes = number(1).and_then(|number| filed.networks.get(number)).copied().unwrap_or_default();
            *test = Test::Networks(postcard::from_bytes(bytes).unwrap_or(Networks(Arc::default())));
            return;
        }
        let texts = number(0).and_then(|number| {
            let (all, ends) = filed.lists.get(number)?;
            let read = || Arc::new(Texts::of_parts(String::from_utf8_lossy(all).into_owned(), ends.to_vec()));
            Some(self.lists.get(number)?.get_or_init(read).clone())
        });
        list.texts = texts.unwrap_or_default();
    }
}

/// Whether a condition asks for no more selections than there are.
fn sound(condition: &Condition, selections: usize) -> bool {
    match condition {
        Condition::Selection(at) => *at < selections,
        Condition::Of { count, selections: of, .. } => *count <= of.len() && of.iter().all(|at| *at < selections),
        Condition::Not(inner) => sound(inner, selections),
        Condition::And(parts) | Condition::Or(parts) => parts.iter().all(|part| sound(part, selections)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_begins_with_the_names() {
        let meta = Metadata {
            title: "t".into(),
            id: Some("i".into()),
            name: Some("n".into()),
            description: Some("d".into()),
            ..Metadata::default()
        };
        let bytes = postcard::to_stdvec(&(meta, LogSource::default())).unwrap();
        let (names, _) = postcard::take_from_bytes::<(&str, Option<&str>, Option<&str>)>(&bytes).unwrap();
        assert_eq!(names, ("t", Some("i"), Some("n")));
    }
}

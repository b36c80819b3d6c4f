//! Tables for tests: columns of every form over the same small cells.

use tieline::columns::{Column, Columns, Dictionary, Lists, Values};
use tieline::{Number, Value};

/// One scalar of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Composite,
}

impl Scalar {
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Integer(value) => Value::Number(Number::Integer((*value).into())),
            Self::Float(value) => Value::Number(Number::Float(*value)),
            Self::Text(text) => Value::Text(text),
            Self::Composite => Value::Composite,
        }
    }

    pub fn json(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Text(text) => serde_json::to_string(text).unwrap(),
            Self::Composite => "{}".to_owned(),
        }
    }
}

/// How a column is held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    Values,
    Dictionary,
    /// With codes that nobody has, and one value under two codes.
    LooseDictionary,
    Lists,
}

/// A column of cells; a cell is a list of scalars, or missing.
#[derive(Debug, Clone)]
pub struct TestColumn {
    pub name: String,
    pub form: Form,
    cells: Vec<Option<Vec<Scalar>>>,
    distinct: Vec<Option<Scalar>>,
    codes: Vec<Option<u32>>,
    /// The codes one behind the other, in every other column.
    flat_codes: Option<Vec<u32>>,
    /// All texts one behind the other, and where each begins, if there is nothing else.
    texts: Option<(String, Vec<usize>)>,
}

impl TestColumn {
    pub fn new(name: &str, form: Form, cells: Vec<Option<Vec<Scalar>>>) -> Self {
        let mut distinct: Vec<Option<Scalar>> = Vec::new();
        if form == Form::LooseDictionary {
            distinct.push(Some(Scalar::Text("nobody has this, evil and abc".to_owned())));
            distinct.push(None);
        }
        let mut codes = Vec::new();
        for (row, cell) in cells.iter().enumerate() {
            let Some(first) = cell.as_ref().and_then(|cell| cell.first()) else {
                codes.push([None, Some(1), Some(u32::MAX)][if form == Form::LooseDictionary { row % 3 } else { 0 }]);
                continue;
            };
            let found = distinct.iter().position(|own| own.as_ref() == Some(first));
            let found = found.filter(|found| form == Form::Dictionary || (found + row) % 2 == 0);
            codes.push(Some(found.unwrap_or_else(|| {
                distinct.push(Some(first.clone()));
                distinct.len() - 1
            }) as u32));
        }
        let mut texts = Some((String::new(), Vec::new()));
        for cell in &cells {
            match cell.as_ref().and_then(|cell| cell.first()) {
                None | Some(Scalar::Null | Scalar::Composite) => {
                    texts.iter_mut().for_each(|(text, starts)| starts.push(text.len()));
                }
                Some(Scalar::Text(own)) => texts.iter_mut().for_each(|(text, starts)| {
                    starts.push(text.len());
                    text.push_str(own);
                }),
                Some(_) => texts = None,
            }
        }
        let flat_codes = codes.iter().map(|code| code.unwrap_or(0)).collect();
        let flat_codes = Some(flat_codes).filter(|_| codes.len() % 2 == 0);
        Self { name: name.to_owned(), form, cells, distinct, codes, flat_codes, texts }
    }

    pub fn column(&self) -> Column<'_> {
        match self.form {
            Form::Values => Column::Values(self),
            Form::Dictionary | Form::LooseDictionary => Column::Dictionary(self),
            Form::Lists => Column::Lists(self),
        }
    }

    /// The cell as JSON, if it is there.
    pub fn json(&self, row: usize) -> Option<String> {
        let cell = self.cells[row].as_ref()?;
        Some(match self.form {
            Form::Lists => format!("[{}]", cell.iter().map(Scalar::json).collect::<Vec<_>>().join(",")),
            _ => cell.first()?.json(),
        })
    }
}

impl Values for TestColumn {
    fn value(&self, row: usize) -> Option<Value<'_>> {
        self.cells[row].as_ref()?.first().map(Scalar::value)
    }

    fn texts(&self, rows: std::ops::Range<usize>, each: &mut dyn FnMut(&[u8])) -> bool {
        let Some((text, starts)) = &self.texts else { return false };
        each(&text.as_bytes()[starts[rows.start]..starts.get(rows.end).copied().unwrap_or(text.len())]);
        true
    }

    fn are_numbers(&self) -> bool {
        let mut firsts = self.cells.iter().filter_map(|cell| cell.as_ref()?.first());
        firsts.all(|scalar| matches!(scalar, Scalar::Integer(_) | Scalar::Float(_)))
    }
}

impl Dictionary for TestColumn {
    fn distinct(&self) -> usize {
        self.distinct.len()
    }

    fn value(&self, code: u32) -> Option<Value<'_>> {
        self.distinct[code as usize].as_ref().map(Scalar::value)
    }

    fn code(&self, row: usize) -> Option<u32> {
        self.codes[row]
    }

    fn codes(&self) -> Option<&[u32]> {
        self.flat_codes.as_deref()
    }
}

impl Lists for TestColumn {
    fn values(&self, row: usize, each: &mut dyn FnMut(Value<'_>)) {
        let Some(cell) = &self.cells[row] else { return };
        if cell.is_empty() {
            each(Value::Composite);
        }
        cell.iter().for_each(|scalar| each(scalar.value()));
    }
}

/// The table of some columns.
pub fn table(columns: &[TestColumn], rows: usize) -> Columns<'_> {
    columns.iter().fold(Columns::new(rows), |table, column| table.with(&column.name, column.column()))
}

/// A row as JSON.
pub fn json(columns: &[TestColumn], row: usize) -> String {
    let member =
        |column: &TestColumn| Some(format!("{}:{}", serde_json::to_string(&column.name).unwrap(), column.json(row)?));
    format!("{{{}}}", columns.iter().filter_map(member).collect::<Vec<_>>().join(","))
}

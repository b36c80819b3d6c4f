//! Makes pages of report documents: `page IN.json OUT.html …`, for tests of the page.

use std::error::Error;
use std::fs::{self, File};
use std::io::BufWriter;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for pair in arguments.chunks(2) {
        let [from, to] = pair else { return Err("usage: page IN.json OUT.html …".into()) };
        tieline_common::page::page(&fs::read(from)?, &mut BufWriter::new(File::create(to)?))?;
    }
    Ok(())
}

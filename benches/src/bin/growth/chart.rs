//! The curve of growth as a picture: rules to the right, what an event costs upwards, both as powers of ten.

use plotters::prelude::*;
use std::error::Error;
use std::path::Path;
use tieline_benches::growth::Figures;

/// Draws what an event costs, beside a line that rises with the number of rules.
pub fn draw(path: &Path, all: &[(usize, Figures)]) -> Result<(), Box<dyn Error>> {
    let Some((_, first)) = all.first() else { return Ok(()) };
    let base = first.event_us_least;
    let root = SVGBackend::new(path, (820, 480)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("What an event costs when the rules grow", ("sans-serif", 22))
        .margin(20)
        .x_label_area_size(50)
        .y_label_area_size(60)
        .build_cartesian_2d((1_f64..110.0).log_scale(), (0.8_f64..110.0).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("times the 3,757 public rules")
        .y_desc("times the cost of an event")
        .label_style(("sans-serif", 16))
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .draw()?;
    let gray = RGBColor(140, 140, 140);
    chart
        .draw_series(LineSeries::new([(1.0, 1.0), (100.0, 100.0)], gray.stroke_width(2)))?
        .label("if every rule were tried")
        .legend(move |(x, y)| PathElement::new([(x, y), (x + 24, y)], gray.stroke_width(2)));
    let blue = RGBColor(20, 90, 160);
    let points: Vec<(f64, f64)> = all.iter().map(|(times, own)| (*times as f64, own.event_us_least / base)).collect();
    chart
        .draw_series(LineSeries::new(points.iter().copied(), blue.stroke_width(3)))?
        .label("Tieline")
        .legend(move |(x, y)| PathElement::new([(x, y), (x + 24, y)], blue.stroke_width(3)));
    chart.draw_series(points.iter().map(|point| {
        EmptyElement::at(*point)
            + Circle::new((0, 0), 5, blue.filled())
            + Text::new(format!("{:.2}", point.1), (-8, -24), ("sans-serif", 16))
    }))?;
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .label_font(("sans-serif", 16))
        .draw()?;
    root.present()?;
    Ok(())
}

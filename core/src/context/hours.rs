//! Hours of the week, such as `Mon-Fri 06:00-22:00`.

use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES: u16 = 24 * 60;

/// Some days of the week and a time on each of them; one that ends before it begins ends on the next day.
///
/// Days are `Mon` to `Sun`, single, as a range, or with commas; all of them unless said. Times are `HH:MM-HH:MM`, all day unless
/// said. The end does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    days: [bool; 7],
    from: u16,
    to: u16,
    written: String,
}

impl Hours {
    /// Whether a minute of a day of the week (0 is Monday) lies in them.
    pub(super) fn contain(&self, day: usize, minute: u16) -> bool {
        let on = |day: usize| self.days.get(day % 7).copied().unwrap_or(false);
        if self.from < self.to {
            return on(day) && (self.from..self.to).contains(&minute);
        }
        on(day) && minute >= self.from || on(day + 6) && minute < self.to
    }
}

impl FromStr for Hours {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (mut days, mut times) = (None, None);
        for word in text.split_whitespace() {
            let is_time = word.starts_with(|first: char| first.is_ascii_digit());
            let is_new =
                if is_time { times.replace(span(word)?).is_none() } else { days.replace(week(word)?).is_none() };
            if !is_new {
                return Err(());
            }
        }
        if days.is_none() && times.is_none() {
            return Err(());
        }
        let (from, to) = times.unwrap_or((0, MINUTES));
        Ok(Self { days: days.unwrap_or([true; 7]), from, to, written: text.to_owned() })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

fn span(text: &str) -> Result<(u16, u16), ()> {
    let (from, to) = text.split_once('-').ok_or(())?;
    let span = (minute(from)?, minute(to)?);
    if span.0 == span.1 || span.0 == MINUTES { Err(()) } else { Ok(span) }
}

/// Minutes since midnight.
fn minute(text: &str) -> Result<u16, ()> {
    let (hour, minute) = text.split_once(':').ok_or(())?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return Err(());
    }
    let (hour, minute): (u16, u16) = (hour.parse().map_err(drop)?, minute.parse().map_err(drop)?);
    let all = hour * 60 + minute;
    if minute > 59 || all > MINUTES { Err(()) } else { Ok(all) }
}

fn week(text: &str) -> Result<[bool; 7], ()> {
    let day = |text: &str| DAYS.iter().position(|day| day.eq_ignore_ascii_case(text)).ok_or(());
    let mut days = [false; 7];
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (day(from)?, day(to)?);
        let count = (to + 7 - from) % 7;
        for at in from..=from + count {
            days.get_mut(at % 7).into_iter().for_each(|day| *day = true);
        }
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> Hours {
        text.parse().unwrap()
    }

    #[test]
    fn hours_know_their_days_and_times() {
        let shift = hours("Mon-Fri 06:00-22:00");
        assert!(shift.contain(0, 360) && shift.contain(4, 1319));
        assert!(!shift.contain(0, 359) && !shift.contain(4, 1320) && !shift.contain(5, 600));
        assert!(hours("Sat,Sun").contain(6, 0) && hours("00:00-24:00").contain(3, 1439));
        assert!(hours("fri-mon").contain(6, 5) && !hours("fri-mon").contain(2, 5));
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let night = hours("Fri 22:00-06:00");
        assert!(night.contain(4, 1320) && night.contain(5, 359) && !night.contain(4, 100) && !night.contain(5, 1400));
        assert!(hours("Sun 22:00-06:00").contain(0, 10));
    }

    #[test]
    fn what_is_no_span_of_time_is_refused() {
        for text in
            ["", "Mo", "25:00-26:00", "6-22", "06:00", "06:00-06:00", "Mon Tue", "06:60-07:00", "Mon-", "24:00-01:00"]
        {
            assert!(text.parse::<Hours>().is_err(), "{text}");
        }
    }
}

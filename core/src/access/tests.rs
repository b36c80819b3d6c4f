//! What is given up when there is too much.

use super::sessions::{Place, Session, Sessions};
use super::{Entry, Logon, Turn, Watch, What};
use crate::config::{SESSIONS_MAX, SESSIONS_OF_HOST_MAX, TRUST_HELD_MAX};
use crate::context::Context;

fn session(on: Place, time: i64) -> Session {
    let kind = "rdp".into();
    Session {
        kind,
        user: None,
        id: None,
        from: None,
        on: vec![on],
        begun: time,
        seen: time,
        is_paused: false,
        at: "".into(),
    }
}

fn host(number: usize) -> Place {
    Place::Host(number.to_string())
}

#[test]
fn the_oldest_sessions_are_given_up_and_counted() {
    let mut sessions = Sessions::default();
    for time in 0..=SESSIONS_OF_HOST_MAX {
        sessions.add(session(host(0), time as i64));
    }
    assert_eq!((sessions.on(&host(0)).count(), sessions.given_up), (SESSIONS_OF_HOST_MAX, 1));
    assert_eq!(sessions.on(&host(0)).next().map(|(_, own)| own.begun), Some(1));
    for number in 0..SESSIONS_MAX {
        sessions.add(session(host(number + 1), 1_000));
    }
    assert_eq!((sessions.iter().count(), sessions.given_up), (SESSIONS_MAX, 1 + SESSIONS_OF_HOST_MAX as u64));
    assert_eq!(sessions.on(&host(0)).count(), 0);
    sessions.expire(2_000, 1_000);
    assert_eq!(sessions.iter().count(), 0);
}

#[test]
fn what_waits_is_bounded() {
    let mut watch = Watch::new(&Context::read(&[]), None);
    for time in 0..TRUST_HELD_MAX as i64 + 5 {
        let logon = Logon {
            turn: Turn::Begins,
            kind: "console".into(),
            user: None,
            id: None,
            from: None,
            on: Some(host(0)),
            host: None,
        };
        watch.push(Entry { time: Some(time), at: "".into(), what: What::Logon(logon) });
    }
    assert_eq!((watch.stats().early, watch.stats().logons), (5, 5));
}

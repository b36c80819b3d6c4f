//! Values of indicators as they are looked for: what they are, in their one spelling, and what is wrong with them.
//!
//! ```text
//! hxxps://evil[.]example   ─▶  url https://evil.example/        198.51.100.0/24  ─▶  address
//! localhost                ─▶  refused: every host has that name
//! ```
//!
//! Lists are written by people and machines who make mistakes, and one `0.0.0.0/0` would match every event.

use super::IndicatorKind;
use ipnet::IpNet;
use std::net::IpAddr;

/// A value that can be looked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub(super) kind: IndicatorKind,
    pub(super) text: String,
    /// Of addresses.
    pub(super) network: Option<IpNet>,
}

/// A value, and why it is doubtful if it is.
pub(super) type Read = (Value, Option<String>);

/// Hashes of an empty file.
const EMPTY: &[&str] = &[
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

/// Endings of names that are files rather than domains.
const FILE_ENDINGS: &[&str] = &[
    "exe", "dll", "sys", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "hta", "scr", "msi", "lnk", "doc",
    "docx", "docm", "xls", "xlsx", "xlsm", "ppt", "pptx", "pdf", "rtf", "jar", "elf", "bin", "dat", "tmp", "iso",
    "img", "rar", "7z", "gz", "txt", "log", "ocx", "cpl", "drv",
];

/// Second labels under which countries register names for everybody.
const REGISTRIES: &[&str] = &["ac", "co", "com", "edu", "gov", "net", "org"];

/// Bytes of a value at most.
const VALUE_BYTES_MAX: usize = 8_192;

/// Reads a value of some kind.
pub(super) fn read(kind: IndicatorKind, text: &str) -> Result<Read, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("the value is empty".to_owned());
    }
    if text.len() > VALUE_BYTES_MAX {
        return Err(format!("the value has more than {VALUE_BYTES_MAX} bytes"));
    }
    match kind {
        IndicatorKind::Address => address(&refanged(text)),
        IndicatorKind::Domain => domain(&refanged(text)),
        IndicatorKind::Url => url(&refanged(text)),
        IndicatorKind::Hash => hash(text, IndicatorKind::Hash),
        IndicatorKind::Imphash => hash(text, IndicatorKind::Imphash),
        IndicatorKind::FileName => Ok(file_name(text)),
        IndicatorKind::FilePath => Ok(file_path(text)),
        IndicatorKind::Email => email(&refanged(text)),
    }
}

/// What a value is, by how it looks; `None` when nobody knows.
pub(super) fn guess(text: &str) -> Option<IndicatorKind> {
    let text = refanged(text.trim());
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && matches!(text.len(), 32 | 40 | 64 | 128) {
        return Some(IndicatorKind::Hash);
    }
    if network(&text).is_some() || without_port(&text).is_some() {
        return Some(IndicatorKind::Address);
    }
    if text.contains("://") {
        return Some(IndicatorKind::Url);
    }
    if text.contains('\\') || text.starts_with('/') {
        return Some(IndicatorKind::FilePath);
    }
    if text.contains('@') {
        return Some(IndicatorKind::Email);
    }
    let ending = text.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending {
        Some(ending) if FILE_ENDINGS.contains(&&*ending) => Some(IndicatorKind::FileName),
        _ => is_domain(name_of(&text)).then_some(IndicatorKind::Domain),
    }
}

/// The kind that a list means by a word such as `ip-dst`, `FileHash-SHA256` or `domain-name`.
pub(super) fn kind_named(word: &str) -> Option<IndicatorKind> {
    let plain: String = word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    Some(match plain.as_str() {
        "ip" | "ipv4" | "ipv6" | "ipaddr" | "ipaddress" | "ipv4addr" | "ipv6addr" | "ipv4address" | "ipv6address"
        | "ipdst" | "ipsrc" | "address" | "cidr" | "network" | "subnet" | "ipv4cidr" | "ipv6cidr" => {
            IndicatorKind::Address
        }
        "domain" | "domainname" | "hostname" | "host" | "fqdn" => IndicatorKind::Domain,
        "url" | "uri" | "link" => IndicatorKind::Url,
        "hash" | "filehash" | "md5" | "sha1" | "sha256" | "sha512" | "filehashmd5" | "filehashsha1"
        | "filehashsha256" | "filehashsha512" => IndicatorKind::Hash,
        "imphash" | "filehashimphash" => IndicatorKind::Imphash,
        "filename" | "file" => IndicatorKind::FileName,
        "filepath" | "path" => IndicatorKind::FilePath,
        "email" | "emailaddr" | "emailaddress" | "emailsrc" | "emaildst" | "sender" => IndicatorKind::Email,
        _ => return None,
    })
}

/// A value without what keeps people from following it.
pub(super) fn refanged(text: &str) -> String {
    let mut text = text.trim().to_owned();
    for (from, to) in [
        ("[.]", "."),
        ("(.)", "."),
        ("{.}", "."),
        ("[dot]", "."),
        ("(dot)", "."),
        ("\\.", "."),
        ("[://]", "://"),
        ("[:]", ":"),
        ("[/]", "/"),
        ("[@]", "@"),
        ("[at]", "@"),
    ] {
        if text.contains(from) {
            text = text.replace(from, to);
        }
    }
    let begins = |text: &str, with: &str| text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    if begins(&text, "hxxp") || begins(&text, "h**p") {
        text.replace_range(..4, "http");
    } else if begins(&text, "fxp") {
        text.replace_range(..3, "ftp");
    }
    text
}

/// An address with or without a prefix; host bits are kept.
fn network(text: &str) -> Option<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(IpNet::from(address.to_canonical()));
    }
    text.parse::<IpNet>().ok()
}

/// The address in front of a port.
fn without_port(text: &str) -> Option<IpNet> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (address, rest) = match bracketed {
        Some((address, rest)) => (address, rest.strip_prefix(':').unwrap_or(rest)),
        None => text.rsplit_once(':').filter(|(address, _)| !address.contains(':'))?,
    };
    let is_port = rest.parse::<u16>().is_ok() || (bracketed.is_some() && rest.is_empty());
    is_port.then(|| address.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical())))?
}

fn address(text: &str) -> Result<Read, String> {
    let (written, port) = match network(text) {
        Some(network) => (network, None),
        None => {
            let network = without_port(text).ok_or_else(|| format!("`{text}` is no IP address or network"))?;
            (network, Some("its port is not asked"))
        }
    };
    let network = written.trunc();
    let (address, prefix) = (network.addr(), network.prefix_len());
    let least = if address.is_ipv4() { 8 } else { 16 };
    if prefix < least {
        return Err(format!(
            "`{text}` holds too much of all addresses; networks must have a prefix of /{least} or more"
        ));
    }
    if address.is_unspecified() || address.is_loopback() || is_broadcast(address) || address.is_multicast() {
        return Err(format!("`{text}` is no address of one host: loopback, multicast, broadcast or unspecified"));
    }
    let doubt = if written != network {
        Some(format!("`{text}` has bits set behind its prefix; it is taken as {network}"))
    } else if is_private(address) {
        Some(format!("`{text}` is a private address, which means another host at every site"))
    } else {
        port.map(|why| format!("`{text}` is taken as {address}: {why}"))
    };
    let is_host = network.prefix_len() == network.max_prefix_len();
    let text = if is_host { address.to_string() } else { network.to_string() };
    Ok((Value { kind: IndicatorKind::Address, text, network: Some(network) }, doubt))
}

fn is_broadcast(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if v4.is_broadcast())
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || matches!(v4.octets(), [100, 64..=127, ..]),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// A name without dots and wildcards around it, which change nothing.
fn name_of(text: &str) -> &str {
    let text = text.strip_prefix("*").unwrap_or(text);
    text.trim_matches('.')
}

fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.chars().count() <= 63
            && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    let Some((rest, last)) = name.rsplit_once('.') else { return false };
    let is_top = last.chars().count() >= 2 && !last.bytes().all(|byte| byte.is_ascii_digit());
    name.len() <= 253 && is_top && is_label(last) && rest.split('.').all(is_label)
}

fn domain(text: &str) -> Result<Read, String> {
    if network(text).is_some() {
        return address(text);
    }
    let name = name_of(text);
    if name.eq_ignore_ascii_case("localhost") {
        return Err("every host has the name `localhost`".to_owned());
    }
    if !name.contains('.') {
        return Err(format!("`{text}` is no domain that somebody owns; it would match every name below it"));
    }
    if !is_domain(name) {
        return Err(format!("`{text}` is no domain"));
    }
    if let Some((second, top)) = name.split_once('.')
        && top.len() == 2
        && REGISTRIES.iter().any(|own| own.eq_ignore_ascii_case(second))
    {
        return Err(format!("under `{text}` everybody may register; it would match every name below it"));
    }
    Ok((Value { kind: IndicatorKind::Domain, text: name.to_lowercase(), network: None }, None))
}

/// The place of the host in a URL.
pub(super) fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    if let Some((inside, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return Some(inside);
    }
    Some(host.split_once(':').map_or(host, |(host, _)| host))
}

fn url(text: &str) -> Result<Read, String> {
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let host = host_of(&text).filter(|host| !host.is_empty()).ok_or_else(|| format!("`{text}` is no URL"))?;
    let (local, no_host) = (host.eq_ignore_ascii_case("localhost"), host.contains(char::is_whitespace));
    if local || no_host || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
        return Err(format!("`{text}` is no URL of another host"));
    }
    Ok((Value { kind: IndicatorKind::Url, text: with_path(&text), network: None }, None))
}

/// A URL with a path: that of a host alone is `/`.
pub(super) fn with_path(url: &str) -> String {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let has_path = url.get(after_scheme..).is_some_and(|rest| rest.contains('/'));
    if has_path { url.to_owned() } else { format!("{url}/") }
}

fn hash(text: &str, kind: IndicatorKind) -> Result<Read, String> {
    let digits = text.rsplit([':', '=']).next().unwrap_or(text).trim().to_ascii_lowercase();
    let lengths: &[usize] = if kind == IndicatorKind::Imphash { &[32] } else { &[32, 40, 64, 128] };
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) || !lengths.contains(&digits.len()) {
        let expected = if kind == IndicatorKind::Imphash { "32" } else { "32, 40, 64 or 128" };
        return Err(format!("`{text}` is no hash of {expected} hexadecimal digits"));
    }
    if EMPTY.contains(&&*digits) || digits.bytes().all(|byte| byte == b'0') {
        return Err(format!("`{digits}` is the hash of an empty file, or of none"));
    }
    Ok((Value { kind, text: digits, network: None }, None))
}

fn file_name(text: &str) -> Read {
    if text.contains(['/', '\\']) {
        return file_path(text);
    }
    let doubt = (text.chars().count() < 3).then(|| format!("`{text}` is so short that many files have this name"));
    (Value { kind: IndicatorKind::FileName, text: text.to_owned(), network: None }, doubt)
}

fn file_path(text: &str) -> Read {
    let is_variable = text.contains('%') || text.contains('$');
    let doubt = is_variable.then(|| format!("`{text}` names a variable; events have folders in its place"));
    if !text.contains(['/', '\\']) {
        return file_name(text);
    }
    (Value { kind: IndicatorKind::FilePath, text: text.to_owned(), network: None }, doubt)
}

fn email(text: &str) -> Result<Read, String> {
    let plain = mailbox(text);
    let fault = || format!("`{text}` is no e-mail address");
    let (user, host) = plain.rsplit_once('@').ok_or_else(fault)?;
    if user.is_empty() || !is_domain(host) || plain.contains(char::is_whitespace) {
        return Err(fault());
    }
    Ok((Value { kind: IndicatorKind::Email, text: plain.to_lowercase(), network: None }, None))
}

/// The address in `Anna <anna@mail.example>`.
pub(super) fn mailbox(text: &str) -> &str {
    text.rsplit_once('<').map_or(text, |(_, rest)| rest.split('>').next().unwrap_or(rest)).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let kind = guess(text);
        let told = match kind.map(|kind| read(kind, text)) {
            None => "?".to_owned(),
            Some(Err(error)) => format!("refused: {error}"),
            Some(Ok((value, doubt))) => {
                format!("{} {}{}", value.kind.as_str(), value.text, if doubt.is_some() { " (doubtful)" } else { "" })
            }
        };
        assert!(told.starts_with(expected), "{text}: {told}");
    }

    #[test]
    fn values_are_known_by_how_they_look() {
        check("198.51.100.7", "address 198.51.100.7");
        check(" 198[.]51[.]100[.]7 ", "address 198.51.100.7");
        check("::ffff:198.51.100.7", "address 198.51.100.7");
        check("198.51.100.7:8443", "address 198.51.100.7 (doubtful)");
        check("[2001:db8::1]:443", "address 2001:db8::1 (doubtful)");
        check("2001:DB8:0::/48", "address 2001:db8::/48");
        check("198.51.100.7/24", "address 198.51.100.0/24 (doubtful)");
        check("10.1.2.3", "address 10.1.2.3 (doubtful)");
        check("Evil[.]Example", "domain evil.example");
        check("*.evil.example.", "domain evil.example");
        check("hxxps://evil[.]example", "url https://evil.example/");
        check("hXXp[://]evil.example/A?b", "url http://evil.example/A?b");
        check("D41D8CD98F00B204E9800998ECF8427F", "hash d41d8cd98f00b204e9800998ecf8427f");
        check("dropper.exe", "file_name dropper.exe");
        check(r"C:\Temp\dropper.exe", r"file_path C:\Temp\dropper.exe");
        check("/tmp/.x", "file_path /tmp/.x");
        check("anna[@]mail[.]example", "email anna@mail.example");
        check("hello world", "?");
        check("", "?");
    }

    #[test]
    fn what_would_match_everything_is_refused() {
        for text in [
            "0.0.0.0/0",
            "::/0",
            "128.0.0.0/1",
            "127.0.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "co.uk",
            "http://localhost/x",
            "d41d8cd98f00b204e9800998ecf8427e",
            "00000000000000000000000000000000",
            "@evil.example",
        ] {
            check(text, "refused");
        }
        for text in ["localhost", "com", "x", "e", "a.b", "-", "exa mple.com", "évil", "1.2.3"] {
            assert!(read(IndicatorKind::Domain, text).is_err(), "{text}");
        }
        assert!(read(IndicatorKind::Hash, "abc").is_err());
        assert!(read(IndicatorKind::Url, "x".repeat(VALUE_BYTES_MAX + 1).as_str()).is_err());
    }
}

//! Streams that turn packed or foreign bytes into plain UTF-8 bytes.
//!
//! ```text
//!  gzip member | gzip member                  ─▶ Gzip  ─▶ bytes of all members
//!  zstd frame | skippable frame | zstd frame  ─▶ Zstd  ─▶ bytes of all frames
//!  FF FE 7B 00 22 00 ...                      ─▶ Utf16 ─▶ {"...
//! ```
//!
//! An input that ends too early is an error of kind `UnexpectedEof`, damage is any other kind; all
//! bytes before either are given out first.

use std::error::Error;
use std::io::{self, BufRead, Read};

use encoding_rs::{CoderResult, Decoder, Encoding};
use flate2::{Decompress, FlushDecompress, Status};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::options::{PACKED_BLOCK_BYTES, ZSTD_WINDOW_BYTES_MAX};

/// What ends any frame: an empty last block, and a checksum that is not looked at.
const ZSTD_FRAME_END: &[u8] = &[1, 0, 0, 0, 0, 0, 0];

/// The window of gzip: 2^15 bytes.
const GZIP_WINDOW_BITS: u8 = 15;
const GZIP_DAMAGE: &str = "corrupt header, data or checksum";

/// All members of a gzip input, one after another. The readers of `flate2` drop what they unpacked in the call that meets
/// damage, which may be hundreds of events.
pub(super) struct Gzip<R> {
    input: R,
    decoder: Decompress,
    inside_member: bool,
    /// What went wrong; it comes after the bytes before it.
    failed: Option<io::Error>,
}

impl<R: BufRead> Gzip<R> {
    pub(super) fn new(input: R) -> Self {
        Gzip { input, decoder: Decompress::new_gzip(GZIP_WINDOW_BITS), inside_member: false, failed: None }
    }

    /// Unpacks what is there into `buffer`: how many bytes that gave, and whether there may be more.
    fn unpack(&mut self, buffer: &mut [u8]) -> io::Result<(usize, bool)> {
        let packed = self.input.fill_buf()?;
        let is_end = packed.is_empty();
        if !self.inside_member {
            if is_end {
                return Ok((0, false));
            }
            self.decoder.reset(true);
            self.inside_member = true;
        }
        let (taken, given) = (self.decoder.total_in(), self.decoder.total_out());
        let status = self.decoder.decompress(packed, buffer, FlushDecompress::None);
        let (taken, given) = (self.decoder.total_in() - taken, (self.decoder.total_out() - given) as usize);
        self.input.consume(taken as usize);
        match status {
            Ok(Status::StreamEnd) => self.inside_member = false,
            Ok(_) if taken == 0 && given == 0 => {
                self.failed = Some(match is_end {
                    true => io::ErrorKind::UnexpectedEof.into(),
                    false => io::Error::new(io::ErrorKind::InvalidData, GZIP_DAMAGE),
                });
            }
            Ok(_) => {}
            // Its own message depends on where calls begin and end.
            Err(_) => self.failed = Some(io::Error::new(io::ErrorKind::InvalidData, GZIP_DAMAGE)),
        }
        Ok((given, true))
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            let (given, is_more) = self.unpack(buffer)?;
            if given > 0 || !is_more {
                return Ok(given);
            }
        }
    }
}

/// All Zstandard frames of an input, one after another.
///
/// The decoder gives out a byte only when nothing after it can refer to it, so what a live stream has
/// sent can lag behind by the frame's window, 2 MiB at the usual level.
pub(super) struct Zstd<R> {
    input: R,
    decoder: FrameDecoder,
    inside_frame: bool,
    /// What went wrong in the frame; it comes after the bytes before it.
    failed: Option<io::Error>,
}

impl<R: BufRead> Zstd<R> {
    pub(super) fn new(input: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(ZSTD_WINDOW_BYTES_MAX);
        Zstd { input, decoder, inside_frame: false, failed: None }
    }

    /// Begins the next frame; `false` at the end of the input.
    fn begin_frame(&mut self) -> io::Result<bool> {
        while !self.input.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.input) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    if io::copy(&mut self.input.by_ref().take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(zstd_error(error)),
            }
        }
        Ok(false)
    }

    /// Decodes until there are bytes to give out or the frame is at its end. A frame that fails is
    /// ended by force, because the decoder holds back bytes of a frame that is not.
    fn decode(&mut self) -> io::Result<()> {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            let one = BlockDecodingStrategy::UptoBlocks(1);
            if let Err(error) = self.decoder.decode_blocks(&mut self.input, one) {
                let error = zstd_error(error);
                let one = BlockDecodingStrategy::UptoBlocks(1);
                match self.decoder.decode_blocks(ZSTD_FRAME_END, one) {
                    Ok(_) if self.decoder.is_finished() => self.failed = Some(error),
                    _ => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn end_frame(&mut self) -> io::Result<()> {
        self.inside_frame = false;
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        match (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum()) {
            (Some(written), Some(found)) if written != found => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum does not match"))
            }
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.inside_frame {
                if !self.begin_frame()? {
                    return Ok(0);
                }
                self.inside_frame = true;
            }
            self.decode()?;
            let read = self.decoder.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            self.end_frame()?;
        }
    }
}

fn zstd_error(error: FrameDecoderError) -> io::Error {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(current) = cause {
        if let Some(inner) = current.downcast_ref::<io::Error>()
            && inner.kind() == io::ErrorKind::UnexpectedEof
        {
            return io::ErrorKind::UnexpectedEof.into();
        }
        cause = current.source();
    }
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

/// Text in another encoding as UTF-8; what cannot be decoded becomes U+FFFD.
pub(super) struct Recoded<R> {
    input: R,
    decoder: Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Recoded<R> {
    pub(super) fn new(input: R, encoding: &'static Encoding) -> Self {
        Recoded {
            input,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: vec![0; PACKED_BLOCK_BYTES],
            text: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    fn decode_block(&mut self) -> io::Result<()> {
        let read = match self.input.read(&mut self.raw) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        };
        self.ended = read == 0;
        let raw = self.raw.get(..read).unwrap_or_default();
        // A block has at most three bytes of UTF-8 per byte, and a character may be pending.
        self.text.resize(raw.len().saturating_mul(3).saturating_add(16), 0);
        let (result, _, written, _) = self.decoder.decode_to_utf8(raw, &mut self.text, self.ended);
        debug_assert_eq!(result, CoderResult::InputEmpty);
        self.text.truncate(written);
        self.given = 0;
        Ok(())
    }
}

impl<R: Read> Read for Recoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            self.decode_block()?;
        }
        let rest = self.text.get(self.given..).unwrap_or_default();
        let taken = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..taken), rest.get(..taken)) {
            to.copy_from_slice(from);
        }
        self.given += taken;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::{BufReader, Write};

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    fn unzstd(bytes: &[u8]) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut out = Vec::new();
        let kind = Zstd::new(bytes).read_to_end(&mut out).err().map(|error| error.kind());
        (out, kind)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    fn gunzip(bytes: &[u8]) -> (Vec<u8>, Option<String>) {
        let mut out = Vec::new();
        let error = Gzip::new(BufReader::with_capacity(64, bytes)).read_to_end(&mut out).err();
        (out, error.map(|error| format!("{:?}: {error}", error.kind())))
    }

    #[test]
    fn members_follow_each_other() {
        let packed = [gzip(b"one "), gzip(b""), gzip(b"two")].concat();
        assert_eq!(gunzip(&packed), (b"one two".to_vec(), None));
        assert_eq!(gunzip(b""), (Vec::new(), None));
    }

    #[test]
    fn all_before_damage_in_gzip_is_given_out() {
        let text: Vec<u8> = (0..20_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let packed = gzip(&text);
        for at in (20..packed.len() - 8).step_by(997) {
            let mut damaged = packed.clone();
            damaged.truncate(at);
            damaged.extend([0xff; 300]);
            let (out, error) = gunzip(&damaged);
            let same = out.iter().zip(&text).take_while(|(one, other)| one == other).count();
            assert!(same * 10 >= at.saturating_sub(500) * 9 && error.is_some(), "{same} of {at}, {error:?}");
        }
        let checksum = packed.len() - 8;
        let mut damaged = packed.clone();
        damaged[checksum] ^= 1;
        assert_eq!(gunzip(&damaged), (text.clone(), Some(format!("InvalidData: {GZIP_DAMAGE}"))));
        let cut = gunzip(&packed[..checksum]);
        assert_eq!(cut, (text.clone(), Some("UnexpectedEof: unexpected end of file".to_owned())));
        let (out, error) = gunzip(&[packed.as_slice(), b"no member"].concat());
        assert_eq!((out, error), (text, Some(format!("InvalidData: {GZIP_DAMAGE}"))));
    }

    #[test]
    fn frames_follow_each_other_and_skippable_ones_are_passed_over() {
        let mut packed = zstd(b"one ");
        packed.extend_from_slice(&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
        packed.extend_from_slice(&zstd(b"two"));
        assert_eq!(unzstd(&packed), (b"one two".to_vec(), None));
    }

    #[test]
    fn a_cut_zstd_stream_is_an_early_end() {
        let text: Vec<u8> = (0..200_000u32).flat_map(|n| n.to_le_bytes()).collect();
        let packed = zstd(&text);
        let cut = packed.get(..packed.len() / 2).unwrap();
        let (out, kind) = unzstd(cut);
        assert_eq!(kind, Some(io::ErrorKind::UnexpectedEof));
        assert!(text.starts_with(&out) && out.len() > text.len() / 3, "{}", out.len());
        assert_eq!(unzstd(&packed[..3]).1, Some(io::ErrorKind::UnexpectedEof));
    }

    #[test]
    fn bytes_after_the_last_zstd_frame_are_damage() {
        let mut packed = zstd(b"one");
        packed.extend_from_slice(b"no frame");
        assert_eq!(unzstd(&packed), (b"one".to_vec(), Some(io::ErrorKind::InvalidData)));
    }

    #[test]
    fn utf16_of_both_orders_is_read_as_utf8() {
        let text = "{\"a\":\"ü€😀\"}\n";
        let le: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        for (bytes, encoding) in [(le, encoding_rs::UTF_16LE), (be, encoding_rs::UTF_16BE)] {
            let mut out = String::new();
            Recoded::new(bytes.as_slice(), encoding).read_to_string(&mut out).unwrap();
            assert_eq!(out, text);
        }
    }

    #[test]
    fn half_a_utf16_unit_at_the_end_becomes_a_replacement_character() {
        let mut out = String::new();
        Recoded::new([0x7b, 0x00, 0x7d].as_slice(), encoding_rs::UTF_16LE).read_to_string(&mut out).unwrap();
        assert_eq!(out, "{\u{fffd}");
    }
}

//! Streams that turn packed or foreign bytes into plain UTF-8 bytes.
//!
//! ```text
//!  zstd frame | skippable frame | zstd frame  ─▶ Zstd  ─▶ bytes of all frames
//!  FF FE 7B 00 22 00 ...                      ─▶ Utf16 ─▶ {"...
//! ```
//!
//! An input that ends too early is an error of kind `UnexpectedEof`, damage is any other kind; all
//! bytes before either are given out first. gzip needs nothing here: `flate2` does the same.

use std::error::Error;
use std::io::{self, BufRead, Read};

use encoding_rs::{CoderResult, Decoder, Encoding};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::options::{PACKED_BLOCK_BYTES, ZSTD_WINDOW_BYTES_MAX};

/// What ends any frame: an empty last block, and a checksum that is not looked at.
const ZSTD_FRAME_END: &[u8] = &[1, 0, 0, 0, 0, 0, 0];

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
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    fn unzstd(bytes: &[u8]) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut out = Vec::new();
        let kind = Zstd::new(bytes).read_to_end(&mut out).err().map(|error| error.kind());
        (out, kind)
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

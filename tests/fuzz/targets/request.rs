//! Any line is a request or an error that quotes nothing of it and has its id.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otp_proto::{Done, RpcError, decode_answer, decode_event, decode_request, encode_answer};

fuzz_target!(|line: &[u8]| {
    match decode_request(line) {
        Ok((id, request)) => {
            assert!(!request.method().is_empty());
            let answer = encode_answer(Some(&id), &Err(RpcError::ambiguous(Vec::new())));
            assert_eq!(answer.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert!(decode_answer::<Done>(&answer).is_ok());
        }
        Err((id, error)) => {
            // The texts are ours: letters, digits, blanks and a few signs.
            assert!(error.message.len() < 100 && error.message.is_ascii());
            encode_answer(id.as_ref(), &Err(error));
        }
    }
    // A client reads what an agent sends.
    let _ = decode_answer::<otp_proto::ListAnswer>(line);
    let _ = decode_event(line);
});

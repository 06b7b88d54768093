import Grants
import Signatures
import TestSupport

/// The payload that the tests of this target sign.
let payload = Array("{\"jitgate\": \"grant/1\"}\n".utf8)

/// 2027-01-15T08:00:00Z.
let now = Moment(microseconds: 1_800_000_000_000_000)

/// A verifier for an allowed_signers file of these lines.
func verifier(_ lines: String...) throws -> SignatureVerifier {
    let file = lines.map { $0 + "\n" }.joined()
    return SignatureVerifier(allowedSigners: try AllowedSigners(parsing: Array(file.utf8)))
}

/// The error that refuses a file, or `nil` if it is accepted.
func refusal(
    of file: [UInt8],
    by verifier: SignatureVerifier,
    at moment: Moment = now
) -> SignatureError? {
    do {
        _ = try verifier.verify(file, at: moment)
        return nil
    } catch {
        return error
    }
}

/// The stable name of the refusal, or `accepted`.
func verdict(
    on file: [UInt8],
    by verifier: SignatureVerifier,
    at moment: Moment = now
) -> String {
    refusal(of: file, by: verifier, at: moment)?.code.rawValue ?? "accepted"
}

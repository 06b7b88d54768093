import JWTKit
import StrictJSON

/// The signature of a token, checked by JWTKit with one key, which the caller has chosen.
///
/// JWTKit takes the first key of a set for a token that names an unknown one; so it gets no set.
enum TokenSignature {
    private struct NoClaims: JWTPayload {
        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    /// Returns whether a key has made the signature of a token.
    static func holds(_ token: IdentityToken, by key: IdentityKeys.Key) async -> Bool {
        let set = JSONValue.object([.init("keys", .array([key.value]))])
        do {
            let keys = try await JWTKeyCollection()
                .add(jwksJSON: String(decoding: set.encoded(), as: UTF8.self))
            _ = try await keys.verify(token.text, as: NoClaims.self)
            return true
        } catch {
            return false
        }
    }
}

import HTTPTypes

/// The headers of every answer, by which browsers do no more with it than the hub wants.
struct SecurityHeaders: Sendable {
    /// Nothing is loaded, nothing frames it, no form goes anywhere.
    static let strictPolicy =
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    /// The policy of pages: style, script, images and events of the hub itself, and its forms.
    static let pagePolicy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
        + " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

    /// True if people reach the hub by HTTPS, of itself or of a proxy.
    let isSecure: Bool

    /// Adds the headers that an answer does not set itself.
    func add(to fields: inout HTTPFields) {
        let defaults: [(HTTPField.Name?, String)] = [
            (.contentSecurityPolicy, Self.strictPolicy),
            (.xContentTypeOptions, "nosniff"),
            (.init("X-Frame-Options"), "DENY"),
            (.init("Referrer-Policy"), "no-referrer"),
            (.init("Cross-Origin-Opener-Policy"), "same-origin"),
            (.init("Cross-Origin-Resource-Policy"), "same-origin"),
            (.cacheControl, "no-store"),
        ]
        for case (let name?, let value) in defaults where fields[name] == nil {
            fields[name] = value
        }
        guard isSecure, fields[.strictTransportSecurity] == nil else { return }
        fields[.strictTransportSecurity] = "max-age=31536000"
    }
}

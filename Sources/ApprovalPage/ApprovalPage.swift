/// The page by which a person signs with a passkey, or makes one: one static file (docs/PROTOCOL.page).
package enum ApprovalPage {
    /// The bytes of approval.html.
    package static var html: [UInt8] { PackageResources.approval_html }

    /// The policy in the page itself, with the directives that only a header can set.
    package static var contentSecurityPolicy: String {
        "\(ownPolicy); frame-ancestors 'none'"
    }

    /// The fields that go into the head of each response of a server of the page.
    package static var fields: [(String, String)] {
        [
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", contentSecurityPolicy),
            ("X-Frame-Options", "DENY"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ]
    }

    /// The content of the meta element of the page; nothing at all may be loaded if it is not there.
    private static var ownPolicy: String {
        let text = String(decoding: html, as: UTF8.self)
        let beginning = "http-equiv=\"Content-Security-Policy\" content=\""
        guard let start = text.firstRange(of: beginning)?.upperBound,
            let end = text[start...].firstIndex(of: "\"")
        else { return "default-src 'none'" }
        return String(text[start..<end])
    }
}

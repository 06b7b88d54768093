import ApprovalPage
import Crypto
import Foundation
import Testing

@Suite struct `The approval page` {
    private let text = String(decoding: ApprovalPage.html, as: UTF8.self)

    private func content(of name: String) throws -> String {
        let start = try #require(text.range(of: "<\(name)>")).upperBound
        let end = try #require(text.range(of: "</\(name)>")).lowerBound
        #expect(text.components(separatedBy: "<\(name)").count == 2, "one \(name) alone")
        return String(text[start..<end])
    }

    @Test(arguments: ["script", "style"])
    func `runs what its policy names by hash, and nothing else`(name: String) throws {
        let hash = Data(SHA256.hash(data: Data(try content(of: name).utf8))).base64EncodedString()
        let policy = ApprovalPage.contentSecurityPolicy
        #expect(policy.contains("\(name)-src 'sha256-\(hash)';"), "run scripts/seal-page")
        #expect(policy.hasPrefix("default-src 'none'; "))
        for rule in [
            "require-trusted-types-for 'script'", "trusted-types 'none'", "base-uri 'none'",
            "form-action 'none'", "frame-ancestors 'none'", "connect-src 'self'",
        ] {
            #expect(policy.components(separatedBy: "; ").contains(rule), "\(rule)")
        }
        #expect(!policy.contains("unsafe"))
    }

    @Test func `loads nothing, and has nothing inline that its policy would stop`() {
        for word in [
            "src=", "href=", "http://", "https://", "@import", ": url(", " style=", " onclick=",
            "innerHTML", "outerHTML", "document.write", "eval(", "insertAdjacentHTML",
        ] {
            #expect(!text.contains(word), "\(word)")
        }
    }

    @Test func `is not left to caches, frames or other pages`() {
        let fields = Dictionary(uniqueKeysWithValues: ApprovalPage.fields)
        #expect(fields["Cache-Control"] == "no-store")
        #expect(fields["X-Frame-Options"] == "DENY")
        #expect(fields["Cross-Origin-Opener-Policy"] == "same-origin")
        #expect(fields["Content-Security-Policy"] == ApprovalPage.contentSecurityPolicy)
    }
}

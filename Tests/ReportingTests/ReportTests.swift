import Auditing
import Foundation
import Grants
import Reporting
import Testing

@Suite struct `A report` {
    private static let hostile = [
        "<script>document.title='taken'</script>",
        "\"><img src=http://127.0.0.1:8000/x onerror=document.title='taken'>",
        "'><svg onload=document.title='taken'>", "</title><script>document.title='taken'</script>",
        "</style><link rel=stylesheet href=http://127.0.0.1:8000/s>", "&lt;b&gt;", "]]><b>",
        "--><iframe src=http://127.0.0.1:8000/>", "javascript:alert(1)", "\u{202E}evil\u{1B}[2J",
        "\0<b>", String(repeating: "x", count: 1024),
    ]

    /// A log in which every text is hostile.
    private func hostileLog() -> Logbook {
        var log = Logbook()
        log.policies["h"] = ReportedPolicy(mode: "enforce", trusted: Self.hostile)
        log.add(.policyLoaded, after: 0, "Loaded", [.policyDigest: ["h"]])
        for (number, text) in Self.hostile.enumerated() {
            var fields = Logbook.grant(text, text, signers: [text, text + "2"])
            for field in [AuditField.justification, .ticket, .sources, .ports, .file, .actor] + [
                .comment
            ] {
                fields[field] = [text]
            }
            log.addGrant(fields, at: Double(number), ending: text)
            log.add(.grantRefused, after: Double(number), text, [.file: [text], .reason: [text]])
            log.add(.attemptDenied, after: Double(number), text, [.peer: [text], .ports: [text]])
            log.add(.tamperDetected, after: Double(number), text)
        }
        return log
    }

    @Test func `shows hostile text as text, loads nothing and runs nothing`() throws {
        let page = try Browser().load(hostileLog().html())
        let known: Set<String> = [
            "html", "head", "meta", "title", "style", "body", "a", "header", "p", "h1", "h2", "h3",
            "time", "span", "nav", "main", "section", "dl", "div", "dt", "dd", "ul", "li", "table",
            "caption", "thead", "tbody", "tr", "th", "td", "svg", "desc", "path", "text", "rect",
            "circle", "g", "code", "small", "b", "pre", "details", "summary",
        ]
        #expect(Set(page.elements.map(\.name)).subtracting(known).isEmpty)
        let attributes = page.elements.reduce(into: Set<String>()) { $0.formUnion($1.attributes) }
        #expect(attributes.allSatisfy { !$0.hasPrefix("on") && $0 != "src" && $0 != "style" })
        #expect(page.document.contains("<title>Access to web-1, 2026-11-01 to 2026-12-01</title>"))
        #expect(page.requests == 0)
        for text in Self.hostile.prefix(9) { #expect(page.text.contains(text), "\(text)") }
        #expect(page.text.contains("\\u{202e}evil\\u{1b}[2J"))
        #expect(!page.document.contains("\u{202E}"))
    }

    @Test func `would be seen to load or run something`() throws {
        let bad =
            "<!DOCTYPE html><title>a</title><img src=http://127.0.0.1:8000/x>"
            + "<script>document.title='taken'</script>"
        let page = try Browser().load(bad)
        #expect(page.requests > 0)
        #expect(page.document.contains("<title>taken</title>"))
    }

    @Test func `can be read without seeing it`() throws {
        var log = Logbook()
        log.addGrant(Logbook.grant("a"), at: 1)
        log.add(.attemptDenied, after: 2, "Denied", [.peer: ["198.51.100.3:1"]])
        let page = try Browser().load(log.html())
        let tables = page.elements.filter { $0.name == "table" }.count
        #expect(page.elements.count { $0.name == "caption" } == tables)
        #expect(
            page.elements.filter { $0.name == "th" }.allSatisfy { $0.attributes.contains("scope") }
        )
        let pictures = page.elements.filter { $0.name == "svg" }
        #expect(pictures.count == 2)
        #expect(pictures.allSatisfy { $0.attributes.isSuperset(of: ["role", "aria-labelledby"]) })
        #expect(page.elements.count { $0.name == "h1" } == 1)
        #expect(page.elements.count { $0.name == "h2" } == 7)
        #expect(page.elements.first { $0.name == "html" }?.attributes == ["lang"])
        for words in [
            "Log verified", "ended at its deadline", "expired after 2 h", "203.0.113.7/32",
        ] {
            #expect(page.text.contains(words), "\(words)")
        }
    }

    @Test(arguments: [false, true])
    func `is drawn, light and dark`(dark: Bool) throws {
        var log = Logbook()
        log.addGrant(Logbook.grant("a"), at: 1)
        let picture = try Browser().picture(log.html(), dark: dark)
        #expect(picture.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
        #expect(picture.count > 20_000)
    }

    @Test func `of ten thousand grants opens page by page`() throws {
        var log = Logbook()
        for number in 0..<10_000 {
            let at = Double(number) * 0.07
            log.addGrant(Logbook.grant("grant \(number)", "p\(number % 50)"), at: at, for: 1)
        }
        let clock = ContinuousClock()
        var html = ""
        let spent = clock.measure { html = log.html() }
        #expect(spent < .seconds(60))
        #expect(html.utf8.count < 16_000_000)
        let page = try Browser().load(html)
        #expect(page.elements.count { $0.name == "details" } == 40 + 100)
        #expect(page.elements.count { $0.attributes.contains("open") } == 2)
        #expect(page.text.contains("grant 9999"))
    }

    @Test func `of a quiet time says so`() {
        let html = Logbook().html()
        for words in [
            "No port was opened in this time.", "Nothing was opened in this time.", "None: no",
            "Nothing was open, and the agent ran all the time.",
        ] {
            #expect(html.contains(words), "\(words)")
        }
    }
}

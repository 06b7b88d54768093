import Depot
import Grants
import HubPages
import Posture
import Requests
import Testing

@Suite struct HubPagesTests {
    private static let hostile = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg/onload=alert(1)>",
        "a\" onmouseover=\"alert(1)", "a' style='x:y", "</td></tr></table></main></body></html>",
        "&lt;b&gt;", "&#0;", "]]>", "<!--", "-->", "javascript:alert(1)", "//evil.example/",
        "\\\\evil.example", "../../logout", "..", ".", "?x=1&y=2#z", "%3Cscript%3E", "\u{202E}gnp",
        "\u{0}", "a\nb", "a\r\nb", "\u{2028}", "</textarea><b>", "`", "{{7*7}}", "\u{FEFF}x",
        "\u{E0041}", String(repeating: "<", count: 500),
    ]

    @Test func noTextBecomesMarkup() throws {
        let plain = try SamplePages(text: "plain").pages().map {
            try StrictMarkup.parse($0.html).skeleton
        }
        for text in Self.hostile {
            let pages = try SamplePages(text: text).pages()
            for (page, skeleton) in zip(pages, plain) {
                let root = try StrictMarkup.parse(page.html)
                #expect(
                    root.skeleton == skeleton,
                    "\(page.name) with \(text.debugDescription.prefix(60))"
                )
            }
        }
    }

    @Test func nothingIsLoadedOrRunFromElsewhere() throws {
        for text in ["plain", "javascript:alert(1)", "//evil.example/", "\\\\evil.example"] {
            for page in try SamplePages(text: text).pages() {
                let root = try StrictMarkup.parse(page.html)
                let about = Comment(rawValue: "\(page.name) with \(text.prefix(60))")
                #expect(
                    root.all("style", "iframe", "object", "embed", "base", "svg").isEmpty,
                    about
                )
                for script in root.all("script") {
                    #expect(script["src"] == "/live.js" && script.wholeText.isEmpty, about)
                }
                for element in root.all {
                    let names = element.attributes.map(\.name)
                    #expect(!names.contains { $0.hasPrefix("on") || $0 == "style" }, about)
                }
                let links = root.all.flatMap { element in
                    ["href", "src", "action", "formaction"].compactMap { element[$0] }
                }
                #expect(links.allSatisfy(Self.isOwn), about)
            }
        }
    }

    /// True for a path of the hub, a place on the page, and the page of passkeys.
    private static func isOwn(_ link: String) -> Bool {
        link.hasPrefix("#") || link.hasPrefix("https://approve.example.com/#")
            || link.hasPrefix("/") && !link.hasPrefix("//") && !link.contains("\\")
    }

    @Test func formsThatChangeSomethingHaveTheToken() throws {
        for page in try SamplePages(text: "plain").pages() {
            let forms = try StrictMarkup.parse(page.html).all("form")
            for form in forms where form["method"] == "post" && page.name != "code" {
                let token = form.all("input").first { $0["name"] == "form_token" }
                #expect(token?["value"] == "plain", Comment(rawValue: page.name))
                #expect(token?["type"] == "hidden")
            }
            for form in forms where form["method"] == "get" {
                let names = form.all("input").compactMap { $0["name"] }
                #expect(!names.contains("form_token"), "a query is kept in histories")
            }
        }
    }

    @Test func fieldsHaveLabels() throws {
        for page in try SamplePages(text: "plain").pages() {
            let root = try StrictMarkup.parse(page.html)
            let labels = Set(root.all("label").compactMap { $0["for"] })
            let about = Comment(rawValue: page.name)
            for field in root.all("input", "select", "textarea") where field["type"] != "hidden" {
                let id = try #require(field["id"])
                #expect(labels.contains(id), about)
            }
            for reference in root.all.compactMap({ $0["aria-describedby"] }) {
                for id in reference.split(separator: " ") {
                    #expect(root.all.contains { $0["id"] == String(id) }, about)
                }
            }
        }
    }

    @Test func pagesCanBeReadAloud() throws {
        for page in try SamplePages(text: "plain").pages() {
            let root = try StrictMarkup.parse(page.html)
            let about = Comment(rawValue: page.name)
            #expect(root["lang"] == "en" && root.all("title").count == 1, about)
            #expect(root.all("h1").count == 1 && root.all("main").count == 1, about)
            for table in root.all("table") {
                #expect(table.all("caption").count == 1, about)
                #expect(table.all("th").allSatisfy { $0["scope"] != nil }, about)
                let columns = table.all("thead").flatMap { $0.all("th") }.count
                let rows = table.all("tbody").flatMap { $0.all("tr") }
                #expect(rows.allSatisfy { $0.children.count == columns }, about)
            }
            let ids = root.all.compactMap { $0["id"] }
            #expect(Set(ids).count == ids.count, about)
            let first = root.all("a").first
            #expect(first?["href"] == "#main" && root.all("main").first?["id"] == "main", about)
            #expect(root.all("nav").allSatisfy { $0["aria-label"] != nil }, about)
        }
    }

    @Test func currentPageIsMarkedOnce() throws {
        for page in try SamplePages(text: "plain").pages() {
            let header = try StrictMarkup.parse(page.html).all("header").first
            let current = header?.all("a").filter { $0["aria-current"] == "page" } ?? []
            let isStranger = ["login", "code", "used", "proxy"].contains(page.name)
            let expected = isStranger || page.name.hasPrefix("error") ? 0 : 1
            #expect(current.count == expected, Comment(rawValue: page.name))
        }
    }

    @Test func sizeOfManyHostsIsBounded() throws {
        let sample = SamplePages(text: "db")
        let rows = try (0..<1000).map { try sample.row("db-\($0).example.com") }
        var filter = HostsPage.Filter()
        filter.limit = 1000
        let counts: [(HostPosture.State, Int)] = [(.configured, 9_000), (.silent, 1_000)]
        var page = HostsPage(filter, rows: rows, counts: counts, groups: [])
        #expect(page.html(in: sample.frame).count < 2_500_000)
        page.rows = Array(rows.prefix(100))
        #expect(page.html(in: sample.frame).count < 250_000)
    }

    @Test func requestForAllHostsIsBounded() throws {
        let sample = SamplePages(text: "x")
        var page = RequestPage(try sample.accessRequest(), state: .pending, since: sample.now)
        page.hosts = try (0..<10_000).map { index in
            let host = try #require(ShelfName("db-\(index)"))
            let verdict: HostOutlook.Verdict =
                index == 9_999 ? .unknown("silent") : .needs(approvals: 1, from: [])
            let outlook = HostOutlook(host: host, verdict: verdict, ports: [])
            return RequestPage.Host(outlook, state: "configured")
        }
        let html = page.html(in: sample.frame)
        #expect(html.count < 100_000)
        let text = try StrictMarkup.parse(html).wholeText
        #expect(text.contains("Of 10000 hosts, 9999 need approvals, 1 is unknown."))
        #expect(text.contains("9800 more hosts are left out here."))
        #expect(text.contains("db-9999"), "the one with a problem is shown")
    }

    @Test func stateOfRequestIsSaidInWords() throws {
        let sample = SamplePages(text: "dana")
        var page = RequestPage(try sample.accessRequest(), state: .open, since: sample.now)
        let outlook = try #require(try sample.outlooks().first)
        page.isMine = true
        page.hosts = [.init(outlook, state: "configured", openSince: sample.now)]
        let text = try StrictMarkup.parse(page.html(in: sample.frame)).wholeText
        #expect(text.contains("open") && text.contains("on 1 host"))
        #expect(!text.contains("Approve with a passkey"), "it needs no approval any more")
        #expect(text.contains("jitgate revoke 00000000-0000-0000-0000-000000000007"))
    }

    @Test func bytesOfRequestAreShownAsTheyAre() throws {
        let sample = SamplePages(text: "a  \u{202E}b")
        let page = RequestPage(try sample.accessRequest(), state: .pending, since: sample.now)
        let root = try StrictMarkup.parse(page.html(in: sample.frame))
        #expect(root.all("pre").contains { $0.text == "{\na  \\u{202e}b\n}\n" })
    }
}

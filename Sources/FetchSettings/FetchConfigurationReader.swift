import Depot
import Grants
import StrictTOML

/// All that is wrong with a configuration, in the order of the file.
package struct FetchConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    let file: String
    let problems: [TOMLProblem]

    /// A line for each problem, as compilers print them: `FILE:LINE:COLUMN: …`.
    package var description: String {
        problems.sorted { $0.position < $1.position }.map { "\(file):\($0)" }
            .joined(separator: "\n")
    }
}

extension FetchConfiguration {
    /// Reads a configuration whose file name is only needed for messages.
    package init(parsing bytes: [UInt8], file: String) throws(FetchConfigurationError) {
        let document: TOMLDocument
        do throws(TOMLProblem) {
            document = try TOMLDocument(bytes)
        } catch {
            throw FetchConfigurationError(file: file, problems: [error])
        }
        let findings = TOMLFindings(document: document)
        let root = TOMLTable(document.root, at: TOMLPath(), findings: findings)
        self.init()
        FetchConfigurationReader(file: root).read(into: &self)
        guard findings.problems.isEmpty else {
            throw FetchConfigurationError(file: file, problems: findings.problems)
        }
    }
}

/// Reads the tables of a configuration.
private struct FetchConfigurationReader {
    static let intervals: ClosedRange<Duration> = .seconds(2)...(.seconds(3600))
    static let reportIntervals: ClosedRange<Duration> = .seconds(60)...(.seconds(86_400))
    /// The proof is reported once a day, whatever changes.
    static let reportDaily: Duration = .seconds(86_400)
    /// Shelves are asked for one after the other in a round.
    static let mostShelves = 16

    let file: TOMLTable

    func read(into configuration: inout FetchConfiguration) {
        file.refuseAllBut(["depot", "fetch", "report"], of: "this file")
        readDepot(file.table("depot"), into: &configuration)
        readFetch(file.table("fetch"), into: &configuration)
        readReport(file.table("report"), into: &configuration)
    }

    private func readDepot(_ depot: TOMLTable, into configuration: inout FetchConfiguration) {
        depot.refuseAllBut(["url", "ca", "certificate", "credentials"], of: "[depot]")
        if depot.has("url") {
            depot.value("url") { setting throws(TOMLValue.Refusal) in try setting.depotURL() }
                .map { configuration.url = $0 }
        } else {
            depot.refuse("url", "is missing", "name the depot: url = \"https://depot.example.com\"")
        }
        configuration.authorities = path("ca", of: depot)
        configuration.certificate = path("certificate", of: depot)
        configuration.credentials = path("credentials", of: depot)
    }

    private func readFetch(_ fetch: TOMLTable, into configuration: inout FetchConfiguration) {
        fetch.refuseAllBut(["shelves", "every", "inbox"], of: "[fetch]")
        fetch.list("shelves", atMost: Self.mostShelves) { setting throws(TOMLValue.Refusal) in
            try setting.shelf()
        }
        .map { shelves in
            if shelves.isEmpty {
                fetch.refuse("shelves", "is empty", "a host without a shelf receives nothing")
            }
            configuration.shelves = shelves
        }
        fetch.value("every") { setting throws(TOMLValue.Refusal) in
            try setting.interval(in: Self.intervals)
        }.map { configuration.every = $0 }
        path("inbox", of: fetch).map { configuration.inbox = $0 }
    }

    private func readReport(_ report: TOMLTable, into configuration: inout FetchConfiguration) {
        report.refuseAllBut(["status", "socket"], of: "[report]")
        report.value("status") { setting throws(TOMLValue.Refusal) in
            switch try setting.printable() {
            case "off": Duration?.none
            case "change": Self.reportDaily
            default: try setting.interval(in: Self.reportIntervals)
            }
        }
        .map { configuration.reportEvery = $0 }
        path("socket", of: report).map { configuration.agentSocket = $0 }
    }

    private func path(_ key: String, of table: TOMLTable) -> String? {
        table.value(key) { setting throws(TOMLValue.Refusal) in try setting.path() }
    }
}

extension TOMLValue {
    fileprivate func shelf() throws(Refusal) -> FetchConfiguration.Shelf {
        let text = try printable()
        if text == "{hostname}" { return .hostname }
        guard let shelf = FetchConfiguration.Shelf.named(text) else {
            throw Refusal(
                "is \(QuotedText(text)), which is no shelf",
                "\"{hostname}\" or \(ShelfName.grammar) belong here"
            )
        }
        return shelf
    }

    fileprivate func interval(in range: ClosedRange<Duration>) throws(Refusal) -> Duration {
        let text = try printable()
        let interval: Duration
        do throws(TextError) {
            interval = try Duration(parsing: text)
        } catch {
            throw Refusal("is no length of time", "such as \"10s\" or \"1m\" belongs here")
        }
        guard range.contains(interval) else {
            let limits = "\(range.lowerBound.shortText) to \(range.upperBound.shortText)"
            throw Refusal("is \(QuotedText(text))", "\(limits) belongs here")
        }
        return interval
    }

    fileprivate func depotURL() throws(Refusal) -> String {
        let text = try printable()
        do throws(DepotURLError) {
            return try DepotURL(text).description
        } catch {
            throw Refusal("is \(QuotedText(text))", error.remedy)
        }
    }
}
